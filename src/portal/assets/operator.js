// SPDX-License-Identifier: BSD-3-Clause
//
// The operator's page: tables and plots from /data, and revokes. Text goes into the page as text, never as HTML.
"use strict";

const token = document.querySelector('meta[name="token"]').content;
const byId = (id) => document.getElementById(id);
const shown = { sessions: 1, guests: 1, vouchers: 1 };  // pages

function scaled(value, unit) {
  const prefixes = ["", "k", "M", "G", "T"];
  let prefix = 0;
  while (value >= 999.5 && prefix < prefixes.length - 1) { value /= 1000; prefix += 1; }
  return `${value.toFixed(value >= 99.5 || (prefix === 0 && Number.isInteger(value)) ? 0 : 1)} ${prefixes[prefix]}${unit}`;
}

function left(session) {
  if (session.expires_at === null || session.expires_at === undefined) return "no end";
  const minutes = Math.ceil(session.ttl_s / 60);
  return minutes >= 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes} min`;
}

const time = (seconds) => (seconds ? new Date(seconds * 1000).toLocaleString() : "–");

async function get(path) {
  const response = await fetch(path, { credentials: "same-origin" });
  if (response.status === 401) { location.reload(); throw new Error("log in again"); }
  const json = await response.json();
  if (!response.ok) throw new Error(json.error || response.statusText);
  return json;
}

async function post(path, fields) {
  const body = new URLSearchParams({ token, ...fields });
  const response = await fetch(path, { method: "POST", body, credentials: "same-origin" });
  if (response.status === 401) location.reload();
  if (!response.ok) throw new Error((await response.json()).error || response.statusText);
}

function trouble(error) {
  byId("trouble").textContent = error ? `${error.message}` : "";
  byId("trouble").hidden = !error;
}

// Rows of texts; the last cell may be a button's {label, act}.
function fillTable(id, rows) {
  const body = document.createElement("tbody");
  for (const row of rows) {
    const line = body.insertRow();
    for (const cell of row) {
      const place = line.insertCell();
      if (cell && cell.act) {
        const button = document.createElement("button");
        button.textContent = cell.label;
        button.setAttribute("aria-label", cell.what);
        button.addEventListener("click", () => cell.act().then(refresh).catch(trouble));
        place.append(button);
      } else {
        place.textContent = cell;
      }
    }
  }
  byId(id).tBodies[0].replaceWith(body);
}

// As many pages as were asked for.
async function pages(what, parameter, list) {
  const all = [];
  let from = "";
  let more = false;
  for (let page = 0; page < shown[what]; page += 1) {
    const got = await get(`/data/${what}${from ? `?${parameter}=${encodeURIComponent(from)}` : ""}`);
    all.push(...got[list]);
    from = JSON.stringify(got.next);
    more = got.next !== null;
    if (!more) break;
  }
  byId(`${what}-more`).hidden = !more;
  return all;
}

async function refresh() {
  try {
    const sessions = await pages("sessions", "cursor", "sessions");
    fillTable("sessions", sessions.map((one) => [
      one.mac, one.state, one.user || "–", one.tag || "–", left(one), scaled(one.bytes_up, "B"), scaled(one.bytes_down, "B"),
      { label: "Revoke", what: `Revoke ${one.mac}`, act: () => post("/revoke", { mac: one.mac, vlan: one.vlan || 0, link: one.link || "" }) },
    ]));
    const guests = await pages("guests", "cursor", "clients");
    fillTable("guests", guests.map((one) => [
      one.mac, one.vlan || "–", one.addresses.map((address) => address.address).join(" "), time(one.last_seen),
    ]));
    const vouchers = await pages("vouchers", "after", "vouchers");
    fillTable("vouchers", vouchers.map((one) => [
      one.code, one.state, one.plan, `${one.used_by} of ${one.devices}`, time(one.ends_at), one.note,
      one.state === "new" || one.state === "used"
        ? { label: "Revoke", what: `Revoke ${one.code}`, act: () => post("/voucher/revoke", { code: one.code }) } : "",
    ]));
    const logins = (await get("/data/logins")).logins;
    fillTable("logins", logins.map((one) => [time(one.at), one.mac, one.method, one.who || "–"]));
    trouble(null);
  } catch (error) {
    trouble(error);
  }
}

const plotWidth = 600;
const plotHeight = 140;

function plot(id, samples, keys) {
  const svg = byId(id);
  svg.setAttribute("viewBox", `0 0 ${plotWidth} ${plotHeight}`);
  svg.setAttribute("preserveAspectRatio", "none");
  const most = Math.max(1, ...samples.flatMap((one) => keys.map((key) => one[key])));
  const now = samples.length ? samples[samples.length - 1].at : 0;
  svg.replaceChildren(...keys.map((key, index) => {
    const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
    line.setAttribute("class", index === 0 ? "first" : "second");
    line.setAttribute("points", samples.map((one) =>
      `${(plotWidth * (1 - (now - one.at) / 600)).toFixed(1)},${(plotHeight - 4 - (plotHeight - 8) * one[key] / most).toFixed(1)}`).join(" "));
    return line;
  }));
}

async function draw() {
  try {
    const samples = (await get("/data/rates")).samples;
    plot("rates", samples, ["down_bps", "up_bps"]);
    plot("denials", samples, ["dropped_per_s", "answered_per_s"]);
    const last = samples[samples.length - 1];
    if (!last) return;
    byId("up").textContent = scaled(last.up_bps, "bit/s");
    byId("down").textContent = scaled(last.down_bps, "bit/s");
    byId("dropped").textContent = scaled(last.dropped_per_s, "/s");
    byId("answered").textContent = scaled(last.answered_per_s, "/s");
    byId("session-count").textContent = `(${last.sessions})`;
  } catch (error) {
    trouble(error);
  }
}

for (const what of Object.keys(shown))
  byId(`${what}-more`).addEventListener("click", () => { shown[what] += 1; refresh(); });
refresh();
draw();
setInterval(refresh, 5000);
setInterval(draw, 2000);
