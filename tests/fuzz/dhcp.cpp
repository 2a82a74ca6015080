// SPDX-License-Identifier: BSD-3-Clause
//
// DHCP messages of both versions. What is read of one stands in it, is an address that a host can
// have, and is no more of a message that is cut short: of version 6 a part of it, of version 4 the
// same or nothing.
#include "net/dhcp.hpp"
#include "fuzz/input.hpp"
#include "fuzz/require.hpp"

namespace {

using namespace gate511;
using fuzz::require;

bool stands_in(net::ByteView message, const net::IpAddress& address) {
  const std::size_t size = address.is_v4() ? 4 : 16;
  for (std::size_t at = 0; at + size <= message.size(); ++at) {
    if ((address.is_v4() ? net::IpAddress::v4(net::load_be32(message, at))
                         : net::IpAddress::load_v6(message, at)) == address)
      return true;
  }
  return false;
}

void read4(net::ByteView whole, net::ByteView part) {
  const auto ack = net::read_dhcp4_ack(whole), ack_of_part = net::read_dhcp4_ack(part);
  if (ack) {
    require(ack->client.is_station(), "a binding is a station's");
    require(ack->binding.address.is_unicast_host(), "a binding is of a host's address");
    require(stands_in(whole, ack->binding.address), "a binding stands in its message");
  }
  if (ack_of_part && ack)
    require(ack->binding.address == ack_of_part->binding.address,
            "part of a message binds the same");
  if (const auto router = net::read_dhcp4_router(whole))
    require(stands_in(whole, *router), "a router stands in its message");
}

void read6(net::ByteView whole, net::ByteView part) {
  const net::Dhcp6Bindings all = net::read_dhcp6_reply(whole), some = net::read_dhcp6_reply(part);
  require(all.count <= net::Dhcp6Bindings::kMax, "bindings are bounded");
  require(some.count <= all.count, "what stands before damage is no more than the whole");
  for (std::size_t i = 0; i < all.count; ++i) {
    const net::IpAddress& address = all.binding[i].address;
    require(address.is_unicast_host() && !address.is_v4(), "a binding is of a host's address");
    require(stands_in(whole, address), "a binding stands in its message");
    if (i < some.count) require(some.binding[i].address == address, "part of it binds the same");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input{data, size};
  const bool v6 = (input.u8() & 1) != 0;
  const std::size_t cut = input.u16();
  const std::vector<std::byte> whole = input.all();
  // A buffer of exactly its size, so that every overrun is seen.
  const std::vector<std::byte> part(
      whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(std::min(cut, whole.size())));
  v6 ? read6(whole, part) : read4(whole, part);
  return 0;
}
