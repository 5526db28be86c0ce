// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Judges one boot by all the gates, and keeps what reports need.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "dmesg.hpp"
#include "ktap.hpp"
#include "qemu.hpp"
#include "results.hpp"
#include "scenario.hpp"

namespace hm::vm
{

/// What came of one run.
struct Verdict {
	std::string run;
	std::string kernel; ///< role
	bool ran = false;   ///< false: not run, `failures` is empty and `why_not` says why
	std::string why_not;
	std::vector<std::string> failures; ///< gates that were not met; empty: passed
	std::vector<std::string> remarks;  ///< skips, allowed splats, notes of the guest, steps
	ktap::Counts counts;
	std::vector<ktap::Leaf> leaves;
	GuestResults results;
	double seconds = 0;
	std::string accel;         ///< how the processor ran, for reports
	std::string release;       ///< kernel version as the console shows it
	std::filesystem::path dir; ///< where the logs are

	[[nodiscard]] bool passed() const { return ran && failures.empty(); }
};

/// Applies every gate to the end of a boot.
Verdict judge(const Scenario &scenario, const RunSpec &run, const Ending &ending,
	      const std::vector<dmesg::Allow> &allowed);

/// For OUT/SCENARIO/RUN/verdict.json and back.
nlohmann::json to_json(const Verdict &verdict);
/// Writes it to verdict.json in its folder.
Status save(const Verdict &verdict);
Result<Verdict> verdict_from_json(const nlohmann::json &json, const std::string &where);

} // namespace hm::vm
