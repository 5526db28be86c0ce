// SPDX-License-Identifier: GPL-2.0-only
// hugemem diff: two saved latency runs side by side.
#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "run_diff.hpp"

namespace hugemem
{
namespace
{

struct DiffOptions {
	std::string a;
	std::string b;
	bool json = false;
	bool strict = false;
};

Result<Exit> run_diff(const DiffOptions &o)
{
	const auto a = read_saved_run(o.a);
	if (!a)
		return tl::unexpected(a.error());
	const auto b = read_saved_run(o.b);
	if (!b)
		return tl::unexpected(b.error());
	const auto diff = compare(*a, *b);
	if (!diff)
		return tl::unexpected(diff.error());
	if (o.json)
		fmt::print("{}\n",
			   json_of(*diff).dump(-1, ' ', false,
					       nlohmann::ordered_json::error_handler_t::replace));
	else
		fmt::print("{}", text_of(*diff, Style::of_stdout()));
	if (o.strict && diff->slower())
		return Exit::mismatch;
	if (o.strict && diff->incomplete())
		return Exit::cannot_tell;
	return Exit::ok;
}

} // namespace

void add_diff(CLI::App &app, Run &run)
{
	auto o = std::make_shared<DiffOptions>();
	CLI::App *cmd = app.add_subcommand(
		"diff", "two runs saved with latency --json: what has shifted, and is it chance");
	cmd->add_option("A", o->a, "the run before")->required();
	cmd->add_option("B", o->b, "the run after")->required();
	cmd->add_flag("--json", o->json, "one JSON object");
	cmd->add_flag("--strict", o->strict,
		      "exit 1 if B is slower beyond the errors, 4 if an event was not compared");
	cmd->callback([o, &run] { run = [o] { return run_diff(*o); }; });
}

} // namespace hugemem
