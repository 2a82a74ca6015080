// SPDX-License-Identifier: BSD-3-Clause
//
// make-captures DIRECTORY: writes the project's own captures: every frame of frames.hpp in each
// form that captures have, whole and damaged, and some that are to be refused in `refused/`.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "captures/frames.hpp"

namespace {

namespace fs = std::filesystem;
using namespace gate511;
using test::Bytes;

constexpr std::uint32_t kEthernet = 1, kRawIp = 101;  // LINKTYPE_ of each

/// A file's octets, numbers in either order.
class Writer {
 public:
  explicit Writer(bool big_endian = false) : big_endian_{big_endian} {}

  Writer& number(std::uint64_t value, int octets) {
    for (int i = 0; i < octets; ++i) {
      const int shift = 8 * (big_endian_ ? octets - 1 - i : i);
      octets_.push_back(static_cast<std::byte>(value >> shift));
    }
    return *this;
  }
  Writer& u16(std::uint64_t value) { return number(value, 2); }
  Writer& u32(std::uint64_t value) { return number(value, 4); }
  Writer& data(const Bytes& more, std::size_t most) {
    const auto size = static_cast<std::ptrdiff_t>(std::min(most, more.size()));
    octets_.insert(octets_.end(), more.begin(), more.begin() + size);
    return *this;
  }
  Writer& pad() {
    while (octets_.size() % 4 != 0) octets_.push_back({});
    return *this;
  }
  /// A block of pcapng around what `body` writes.
  Writer& block(std::uint32_t type, const std::function<void(Writer&)>& body) {
    Writer inner{big_endian_};
    body(inner);
    inner.pad();
    const std::size_t length = inner.octets_.size() + 12;
    return u32(type).u32(length).data(inner.octets_, inner.octets_.size()).u32(length);
  }
  [[nodiscard]] const Bytes& octets() const { return octets_; }

 private:
  bool big_endian_;
  Bytes octets_;
};

struct Pcap {
  bool big_endian = false;
  bool nanoseconds = false;
  std::uint32_t snap = 262'144;
  std::uint32_t link_type = kEthernet;
};

Bytes pcap(const std::vector<Bytes>& frames, Pcap form = {}) {
  Writer file{form.big_endian};
  file.u32(form.nanoseconds ? 0xa1b2'3c4d : 0xa1b2'c3d4).u16(2).u16(4).u32(0).u32(0);
  file.u32(form.snap).u32(form.link_type);
  std::uint32_t time = 1'700'000'000;
  for (const Bytes& frame : frames) {
    const std::size_t kept = std::min<std::size_t>(frame.size(), form.snap);
    file.u32(time++).u32(0).u32(kept).u32(frame.size()).data(frame, kept);
  }
  return file.octets();
}

struct Pcapng {
  bool big_endian = false;
  std::uint32_t snap = 0;  ///< 0: none
  bool simple = false;     ///< simple packet blocks
  std::uint32_t interfaces = 1;
};

Bytes pcapng(const std::vector<Bytes>& frames, Pcapng form = {}) {
  Writer file{form.big_endian};
  file.block(0x0a0d'0d0a, [](Writer& body) {
    body.u32(0x1a2b'3c4d).u16(1).u16(0).number(~std::uint64_t{0}, 8);
  });
  for (std::uint32_t i = 0; i < form.interfaces; ++i)
    file.block(1, [&](Writer& body) { body.u16(kEthernet).u16(0).u32(form.snap); });
  std::uint32_t number = 0;
  for (const Bytes& frame : frames) {
    const std::size_t most = form.snap == 0 ? frame.size() : form.snap;
    file.block(form.simple ? 3 : 6, [&](Writer& body) {
      const std::size_t kept = std::min(frame.size(), most);
      if (!form.simple) body.u32(number % form.interfaces).u32(0x5'f5e1).u32(number).u32(kept);
      body.u32(frame.size()).data(frame, kept);
    });
    ++number;
  }
  return file.octets();
}

/// Where the block behind the first `blocks` begins.
std::size_t behind_blocks(const Bytes& file, std::size_t blocks) {
  std::size_t at = 0;
  for (; blocks > 0; --blocks)
    at += std::to_integer<std::size_t>(file[at + 4]) | std::to_integer<std::size_t>(file[at + 5])
                                                           << 8;
  return at;
}

bool write(const fs::path& file, const Bytes& octets) {
  std::ofstream out{file, std::ios::binary};
  for (const std::byte octet : octets) out.put(static_cast<char>(octet));
  out.close();
  if (!out)
    fmt::print(stderr, "make-captures: {}: cannot be written; free some space\n", file.string());
  return !out.fail();
}

bool write_all(const fs::path& directory) {
  const std::vector<Bytes> frames = captures::sample_frames();
  const Bytes whole = pcap(frames), whole_ng = pcapng(frames);
  Bytes cut = whole, cut_ng = whole_ng, long_record = whole, bad_block = whole_ng;
  cut.resize(cut.size() - 20);
  cut_ng.resize(cut_ng.size() - 20);
  const std::size_t block = behind_blocks(bad_block, frames.size() / 2);
  for (std::size_t i = 0; i < 4; ++i) {
    long_record[24 + 8 + i] = std::byte{0xff};  // the first record's length
    bad_block[block + 4 + i] = std::byte{0xff};
  }
  fs::create_directories(directory / "refused");
  bool good = true;
  const auto put = [&](const char* name, const Bytes& octets) {
    good = write(directory / name, octets) && good;
  };
  put("whole.pcap", whole);
  put("big-endian.pcap", pcap(frames, {.big_endian = true}));
  put("nanoseconds.pcap", pcap(frames, {.nanoseconds = true}));
  put("snap-40.pcap", pcap(frames, {.snap = 40}));
  put("snap-64.pcap", pcap(frames, {.snap = 64}));
  put("whole.pcapng", whole_ng);
  put("big-endian.pcapng", pcapng(frames, {.big_endian = true}));
  put("snap-96.pcapng", pcapng(frames, {.snap = 96}));
  put("simple.pcapng", pcapng(frames, {.simple = true}));
  put("two-interfaces.pcapng", pcapng(frames, {.interfaces = 2}));
  put("cut.pcap", cut);
  put("cut.pcapng", cut_ng);
  put("long-record.pcap", long_record);
  put("bad-block.pcapng", bad_block);
  put("refused/raw-ip.pcap", pcap(frames, {.link_type = kRawIp}));
  put("refused/text.pcap", test::bytes("no capture at all\n"));
  put("refused/empty.pcap", {});
  put("refused/no-frames.pcap", pcap({}));
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: make-captures DIRECTORY\n");
    return 2;
  }
  return write_all(argv[1]) ? EXIT_SUCCESS : EXIT_FAILURE;
}
