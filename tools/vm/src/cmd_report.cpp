// SPDX-License-Identifier: GPL-2.0-only

#include <fmt/format.h>

#include "commands.hpp"
#include "files.hpp"
#include "report.hpp"

namespace fs = std::filesystem;

namespace hm::vm
{

Result<Exit> report_command(const ReportArgs &args)
{
	std::vector<Scenario> scenarios;
	for (const std::string &file : args.scenarios) {
		auto scenario = read_scenario(file);
		if (!scenario)
			return tl::unexpected(scenario.error());
		scenarios.push_back(std::move(*scenario));
	}
	const fs::path out = args.out.empty() ? cache_dir() / "log" / "vm" : fs::path(args.out);
	const auto outcomes = load_outcomes(scenarios, out);
	if (!outcomes)
		return tl::unexpected(outcomes.error());
	fmt::print("{}",
		   args.as_markdown ? markdown(*outcomes, args.command) : summary_text(*outcomes));
	return all_passed(*outcomes) ? Exit::ok : Exit::failed;
}

} // namespace hm::vm
