// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// What a guest says on its results port beside KTAP: metrics, text blocks, its own end.
///
///     metric NAME VALUE [UNIT]
///     block NAME
///     any text
///     end
///     hm: note TEXT
///     hm: exit STATUS TAINT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hm::vm
{

struct Metric {
	double value = 0;
	std::string unit;
};

struct GuestResults {
	std::map<std::string, Metric> metrics; ///< the last value of a name counts
	std::map<std::string, std::vector<std::string>> blocks;
	std::vector<std::string> notes;    ///< remarks for the reader of the report
	std::optional<int> exit_status;    ///< of the guest script; none: init never got there
	unsigned long long taint = 0;      ///< /proc/sys/kernel/tainted at the end
	std::string ktap;                  ///< all other lines, for ktap::parse()
	std::vector<std::string> problems; ///< malformed lines, blocks without end
};

/// Splits the stream of the results port.
GuestResults parse_results(std::string_view text);

} // namespace hm::vm
