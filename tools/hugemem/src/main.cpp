// SPDX-License-Identifier: GPL-2.0-only
// hugemem: look at huge pages and their memory map, on any kernel from 5.10.
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands.hpp"

int main(int argc, char **argv)
{
	using hugemem::Exit;
	CLI::App app(
		"hugemem: how long huge pages take, and where their memory map really is.\n"
		"Exit: 0 ok or proved, 1 mismatch, 2 usage, 3 something is missing (permission, "
		"kernel feature), 4 cannot tell",
		"hugemem");
	app.set_version_flag("--version", "hugemem " HUGEMEM_VERSION);
	app.require_subcommand(1);
	app.get_formatter()->column_width(30);

	hugemem::Run run;
	hugemem::add_latency(app, run);
	hugemem::add_verify(app, run);
	hugemem::add_pins(app, run);
	hugemem::add_hotplug(app, run);
	hugemem::add_diff(app, run);
	hugemem::add_export(app, run);
	hugemem::add_doctor(app, run);

	try {
		app.parse(argc, argv);
	} catch (const CLI::ParseError &e) {
		// 0: help or version was asked for
		return app.exit(e) == 0 ? 0 : static_cast<int>(Exit::usage);
	}
	const auto result = run();
	if (!result) {
		fmt::print(stderr, "hugemem: {}\n", result.error().text());
		return static_cast<int>(result.error().code);
	}
	return static_cast<int>(*result);
}
