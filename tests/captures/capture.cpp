// SPDX-License-Identifier: BSD-3-Clause
#include "captures/capture.hpp"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <array>
#include <memory>

namespace gate511::captures {

Capture read_capture(const std::filesystem::path& file) {
  Capture capture;
  std::array<char, PCAP_ERRBUF_SIZE> error{};
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> opened{
      pcap_open_offline(file.c_str(), error.data()), &pcap_close};
  if (!opened) {
    capture.refused = fmt::format("this is no capture that can be read: {}", error.data());
    return capture;
  }
  if (const int type = pcap_datalink(opened.get()); type != DLT_EN10MB) {
    const char* const name = pcap_datalink_val_to_name(type);
    capture.refused = fmt::format("its link type is {}, not Ethernet",
                                  name != nullptr ? name : std::to_string(type));
    return capture;
  }
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  int read = 0;
  while ((read = pcap_next_ex(opened.get(), &header, &data)) == 1) {
    const auto kept = std::as_bytes(std::span{data, header->caplen});
    capture.frames.push_back({{kept.begin(), kept.end()}, header->len});
  }
  if (read == PCAP_ERROR) capture.damage = pcap_geterr(opened.get());
  return capture;
}

}  // namespace gate511::captures
