// SPDX-License-Identifier: BSD-3-Clause
//
// A list of what is forbidden, not of what is allowed: the allowed ones are the unit's to list
// (scripts/systemd/gate511.service), and the C library's to change.
#include "programs/system_calls.hpp"

#include <fmt/format.h>
#include <linux/sched.h>
#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <type_traits>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GATE511_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GATE511_SANITIZED 1
#endif
#endif

namespace gate511 {
namespace {

#ifdef GATE511_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

constexpr auto kForbidden = std::to_array<int>({
    // Other programs and processes.
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(kcmp),
    // Who it is.
    SCMP_SYS(setuid),
    SCMP_SYS(setgid),
    SCMP_SYS(setreuid),
    SCMP_SYS(setregid),
    SCMP_SYS(setresuid),
    SCMP_SYS(setresgid),
    SCMP_SYS(setgroups),
    SCMP_SYS(setfsuid),
    SCMP_SYS(setfsgid),
    SCMP_SYS(personality),
    // What it sees.
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(move_mount),
    SCMP_SYS(open_tree),
    SCMP_SYS(fsopen),
    // The kernel and the machine.
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    SCMP_SYS(modify_ldt),
    SCMP_SYS(acct),
    SCMP_SYS(quotactl),
    // Wide doors that a gateway does not go through.
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
});

struct Release {
  void operator()(void* filter) const { ::seccomp_release(filter); }
};

tl::unexpected<Error> failed(int code) {
  return tl::unexpected{Error{"system calls",
                              fmt::format("cannot be narrowed: {}", std::strerror(-code)),
                              "run a kernel with seccomp filters, or set privileges.user = \"\""}};
}

}  // namespace

bool narrows_system_calls() {
  return !kSanitized;
}

tl::expected<void, Error> narrow_system_calls(std::span<const std::string> drivers) {
  if (!narrows_system_calls()) return {};
  const std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, Release> filter{
      ::seccomp_init(SCMP_ACT_ALLOW)};
  if (!filter) return failed(-ENOMEM);
  const auto forbid = [&filter](int call, int error) {
    return ::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(static_cast<unsigned>(error)), call, 0);
  };
  // All threads: workers and EAL's own were started before.
  int code = ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  for (const int call : kForbidden) {
    if (code == 0) code = forbid(call, EPERM);
  }
  if (code == 0 && std::ranges::find(drivers, "net_af_xdp") == drivers.end())
    code = forbid(SCMP_SYS(bpf), EPERM);
  // A thread is fine. The C library falls back to clone() where clone3(), whose flags are in
  // memory, is not there.
  if (code == 0) code = forbid(SCMP_SYS(clone3), ENOSYS);
  if (code == 0) {
    code = ::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                              SCMP_A0_64(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
  }
  if (code == 0) code = ::seccomp_load(filter.get());
  if (code != 0) return failed(code);
  return {};
}

}  // namespace gate511
