// SPDX-License-Identifier: GPL-2.0-only
#include <memory>

#include <fmt/format.h>

#include "commands.hpp"
#include "files.hpp"
#include "report.hpp"

namespace fs = std::filesystem;

namespace hm::vm {
namespace {

struct ReportArgs {
    std::vector<std::string> scenarios;
    std::string out;
    std::string command = "make bench";
    bool as_markdown = false;
};

Result<Exit> report(const ReportArgs &args)
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
    fmt::print("{}", args.as_markdown ? markdown(*outcomes, args.command) : summary_text(*outcomes));
    return all_passed(*outcomes) ? Exit::ok : Exit::failed;
}

} // namespace

void add_report_command(CLI::App &app, Chosen &chosen)
{
    auto args = std::make_shared<ReportArgs>();
    CLI::App *cmd = app.add_subcommand("report", "show kept results again, as text or Markdown");
    cmd->alias("compare");
    cmd->add_option("scenario", args->scenarios, "scenario files")->required();
    cmd->add_option("-o,--out", args->out, "folder that hm-vm run wrote (default: CACHE/log/vm)");
    cmd->add_flag("--markdown", args->as_markdown, "Markdown tables with machine and configuration");
    cmd->add_option("--command", args->command, "the command that Markdown names as its source");
    cmd->callback([args, &chosen] { chosen = [args] { return report(*args); }; });
}

} // namespace hm::vm
