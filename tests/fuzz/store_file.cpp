// SPDX-License-Identifier: BSD-3-Clause
//
// The store's file, as whatever a disk may have made of it: it is refused or it is read; what was
// read can be written and read again. The first byte chooses between the parts and the whole.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "control/store/sqlite_file.hpp"
#include "support/forgetful_disk.hpp"

namespace {

using namespace gate511;
using namespace gate511::control;

/// The blobs one by one.
void parts(std::string_view bytes) {
  static_cast<void>(store::decode_meta(bytes));
  static_cast<void>(store::decode_session(1, bytes));
  static_cast<void>(store::decode_counts(1, bytes));
  const auto row = store::decode_row(1, bytes);
  if (row && !store::decode_row(1, store::encode_row(1, *row))) __builtin_trap();
}

void whole(std::string_view bytes) {
  test::ForgetfulDisk disk;
  disk.files["sessions.db"] = std::make_shared<test::ForgetfulDisk::File>();
  disk.files["sessions.db"]->now = disk.files["sessions.db"]->synced = bytes;
  try {
    store::SqliteFile file{"sessions.db"};
    static_cast<void>(file.load());
    file.fold(1'000);
    file.append({1, {store::SeqLimit{1}}});
  } catch (const store::SqlError&) {
  } catch (const store::SqliteFile::WrongFile&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  if (data[0] % 8 == 0) {
    whole(bytes);
  } else {
    parts(bytes);
  }
  return 0;
}
