// SPDX-License-Identifier: BSD-3-Clause
#include "programs/bench/measure.hpp"

#include <algorithm>

namespace gate511::bench {
namespace {

Figure figure_of(std::vector<double> rounds) {
  std::sort(rounds.begin(), rounds.end());
  const auto at = [&](std::size_t quarters) { return rounds[(rounds.size() - 1) * quarters / 4]; };
  return {at(2), (at(3) - at(1)) / at(2)};
}

}  // namespace

std::vector<Figure> take_turns(std::span<const Contender> contenders, unsigned rounds) {
  std::vector<std::vector<double>> taken(contenders.size());
  for (unsigned round = 0; round <= rounds; ++round) {
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      const double cycles = contenders[i]();
      if (round > 0) taken[i].push_back(cycles);
    }
  }
  std::vector<Figure> figures;
  figures.reserve(taken.size());
  for (auto& one : taken) figures.push_back(figure_of(std::move(one)));
  return figures;
}

}  // namespace gate511::bench
