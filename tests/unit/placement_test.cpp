// SPDX-License-Identifier: BSD-3-Clause
//
// Cards, NUMA nodes and CPUs of machines with more of them than this one: a folder as the kernel's
// sysfs.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "programs/placement.hpp"

namespace gate511 {
namespace {

namespace fs = std::filesystem;

class PlacementTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("gate511-sysfs-" + std::to_string(::getpid()));
    file("devices/system/node/node0/cpulist", "0-3,8-11");
    file("devices/system/node/node1/cpulist", "4-7,12-15");
    file("devices/system/cpu/isolated", "1-7");
    for (int cpu = 0; cpu < 8; ++cpu) {
      for (const int one : {cpu, cpu + 8})
        file("devices/system/cpu/cpu" + std::to_string(one) + "/topology/thread_siblings_list",
             std::to_string(cpu) + "," + std::to_string(cpu + 8));
    }
    card("0000:01:00.0", "vfio-pci", "0");
    card("0000:01:00.1", "vfio-pci", "0");
    card("0000:81:00.0", "vfio-pci", "1");
    card("0000:02:00.0", "ixgbe", "0");
    card("0000:03:00.0", "", "-1");
  }
  void TearDown() override { fs::remove_all(root_); }

  void file(const std::string& name, const std::string& text) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream{root_ / name} << text << '\n';
  }
  void card(const std::string& address, const std::string& driver, const std::string& node) const {
    const std::string device = "bus/pci/devices/" + address;
    file(device + "/numa_node", node);
    if (!driver.empty())
      fs::create_directory_symlink("../../../bus/pci/drivers/" + driver, root_ / device / "driver");
  }
  std::vector<std::string> said(const std::string& access, const std::string& uplink,
                                const std::vector<unsigned>& cpus) const {
    std::vector<std::string> lines;
    for (const Error& warning : placement_warnings({{{"venue", access, uplink}}, cpus}, root_))
      lines.push_back(warning.text());
    return lines;
  }

 private:
  fs::path root_;
};

using Lines = std::vector<std::string>;

TEST_F(PlacementTest, NothingIsSaidOfWhatGoesTogether) {
  EXPECT_EQ(said("0000:01:00.0", "01:00.1", {0, 1}), Lines{});
}

TEST_F(PlacementTest, VirtualPortsHaveNothingToSay) {
  EXPECT_EQ(said("net_af_packet0", "net_af_packet1", {0, 0}), Lines{});
}

TEST_F(PlacementTest, CardsThatAreNotThereOrTheKernels) {
  EXPECT_EQ(said("0000:09:00.0", "0000:01:00.1", {0, 1}),
            Lines{"link venue: there is no card 0000:09:00.0; see gate511-nic list"});
  EXPECT_EQ(
      said("0000:02:00.0", "0000:03:00.0", {0, 1}),
      (Lines{
          "link venue: 0000:02:00.0 is the kernel's, driver ixgbe; gate511-nic bind 0000:02:00.0",
          "link venue: 0000:03:00.0 has no driver; gate511-nic bind 0000:03:00.0"}));
}

TEST_F(PlacementTest, NodesThatAreFarFromOneAnother) {
  EXPECT_EQ(
      said("0000:81:00.0", "0000:01:00.0", {0, 1}),
      (Lines{"link venue: 0000:81:00.0 is on NUMA node 1, the workers' CPUs 1 are not; choose "
             "dpdk.lcores by gate511-nic cores",
             "link venue: 0000:81:00.0 is on NUMA node 1 and 0000:01:00.0 on 0: each frame crosses "
             "between them; put both cards into slots of one node; see gate511-nic list"}));
}

TEST_F(PlacementTest, CpusThatAreShared) {
  EXPECT_EQ(said("0000:01:00.0", "0000:01:00.1", {1, 1}),
            Lines{"dpdk.lcores: CPU 1 has a worker and another lcore; give each worker a CPU of "
                  "its own: it "
                  "polls all the time"});
}

TEST_F(PlacementTest, CpusThatAreDisturbed) {
  EXPECT_EQ(
      said("0000:01:00.0", "0000:01:00.1", {1, 0}),
      Lines{"dpdk.lcores: the workers' CPUs 0 are not isolated: other programs may hold frames up; "
            "isolcpus=managed_irq,domain,0 on the kernel's command line"});
}

TEST_F(PlacementTest, MoreWorkersThanLinksOnOneCore) {
  file("devices/system/cpu/isolated", "1-15");
  EXPECT_EQ(
      said("0000:01:00.0", "0000:01:00.1", {0, 1, 9}),
      (Lines{
          "dpdk.lcores: CPUs 1 and 9 are one core's hyper-threads; give each worker a core of its "
          "own",
          "dpdk.lcores: 2 workers for 1 link: each card needs as many queues, and a symmetric RSS, "
          "else some have nothing to do; see what the gateway says at its start, and port.list"}));
}

}  // namespace
}  // namespace gate511
