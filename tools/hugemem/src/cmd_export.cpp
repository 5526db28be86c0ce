// SPDX-License-Identifier: GPL-2.0-only
// hugemem export: metrics for Prometheus, by way of node_exporter's textfile collector.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "atomic_file.hpp"
#include "commands.hpp"
#include "kernel_metrics.hpp"

namespace hugemem
{
namespace
{

struct ExportOptions {
	std::string textfile; ///< "" for standard output
	std::string root;     ///< before /proc and /sys
};

Result<Exit> run_export(const ExportOptions &o)
{
	const auto families = kernel_metrics({.proc = o.root + "/proc", .sys = o.root + "/sys"});
	if (!families)
		return tl::unexpected(families.error());
	const std::string text = exposition(*families);
	if (!o.textfile.empty()) {
		if (auto ok = replace_file(o.textfile, text); !ok)
			return tl::unexpected(ok.error());
		return Exit::ok;
	}
	// Half of it would be read as all of it.
	if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
	    std::fflush(stdout) != 0)
		return fail(Exit::environment, "standard output", std::strerror(errno));
	return Exit::ok;
}

} // namespace

void add_export(CLI::App &app, Run &run)
{
	auto o = std::make_shared<ExportOptions>();
	CLI::App *cmd = app.add_subcommand(
		"export", "metrics of pools, pins and memory blocks as text for Prometheus");
	cmd->add_option("--textfile", o->textfile,
			"into this file, put in its place whole; for node_exporter it has to "
			"end in .prom");
	cmd->add_option("--root", o->root,
			"of another machine, whose /proc and /sys were copied into this folder");
	cmd->callback([o, &run] { run = [o] { return run_export(*o); }; });
}

} // namespace hugemem
