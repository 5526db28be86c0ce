// SPDX-License-Identifier: GPL-2.0-only
// hm-vm: builds kernels for tests, boots them in QEMU, judges and compares what the guests say.
// Here are the command lines only; the commands are in cmd_*.cpp.
#include <functional>

#include <CLI/CLI.hpp>

#include "commands.hpp"
#include "stop.hpp"
#include "term.hpp"

namespace
{

using namespace hm::vm;

/// What the command line asked for.
struct Chosen {
	KernelArgs kernel;
	ImageArgs image;
	SelftestArgs selftests;
	RunArgs run;
	ReportArgs report;
	GuestArgs initramfs;
	GuestArgs shell;
	std::function<Result<Exit>()> command;
};

CLI::Validator accelerators()
{
	return CLI::IsMember({"auto", "kvm", "tcg"});
}
CLI::Validator job_count()
{
	return CLI::Range(1, 1024);
}

void add_kernel(CLI::App &app, Chosen &chosen)
{
	CLI::App *cmd = app.add_subcommand("kernel", "configure and build a kernel for tests");
	KernelArgs &args = chosen.kernel;
	cmd->add_option("-s,--src", args.src, "kernel tree (left untouched)")->required();
	cmd->add_option("-o,--out", args.out, "build folder")->required();
	cmd->add_option("-c,--config", args.configs,
			"fragment on top of allnoconfig, repeatable (tools/vm/config/*.config)")
		->required();
	cmd->add_option(
		"-f,--fragment", args.fragment,
		"Kconfig.fragment, the features of the series; a --config may configure one out");
	cmd->add_flag(
		"--stock", args.stock,
		"the tree lacks the series: features it does not know are left out, and said");
	cmd->add_option("-j,--jobs", args.jobs, "compilations at a time (default: processors)")
		->check(job_count());
	cmd->add_flag("--configure-only", args.configure_only,
		      "stop after the check of the options");
	cmd->add_option("--target", args.targets, "make targets (default: bzImage vmlinux)");
	cmd->add_option("--log", args.log, "log file (default: CACHE/log/kernel-NAME.log)");
	cmd->callback(
		[&chosen] { chosen.command = [&] { return kernel_command(chosen.kernel); }; });
}

void add_image(CLI::App &app, Chosen &chosen)
{
	CLI::App *cmd = app.add_subcommand("image", "check a kernel image and print its release");
	ImageArgs &args = chosen.image;
	cmd->add_option("file", args.file, "the image, such as Debian's vmlinuz")->required();
	cmd->add_option("--series", args.series, "what its release has to be of, such as 6.12");
	cmd->callback([&chosen] { chosen.command = [&] { return image_command(chosen.image); }; });
}

void add_selftests(CLI::App &app, Chosen &chosen)
{
	CLI::App *cmd =
		app.add_subcommand("selftests", "build kselftest collections for the guest");
	SelftestArgs &args = chosen.selftests;
	cmd->add_option("-s,--src", args.src, "folder of collections (selftests/)")->required();
	cmd->add_option("--ksrc", args.ksrc, "kernel tree, for lib.mk and kselftest_harness.h")
		->required();
	cmd->add_option("-o,--out", args.out, "where to (default: CACHE/guest/selftests)");
	cmd->add_option("-j,--jobs", args.jobs, "compilations at a time")->check(job_count());
	cmd->callback([&chosen] {
		chosen.command = [&] { return selftests_command(chosen.selftests); };
	});
}

void add_run(CLI::App &app, Chosen &chosen)
{
	CLI::App *cmd = app.add_subcommand("run", "boot scenarios, judge and compare them");
	RunArgs &args = chosen.run;
	cmd->add_option("scenario", args.scenarios, "scenario files (tests/vm/*.json)")->required();
	cmd->add_option("-k,--kernel", args.kernels,
			"ROLE=DIR or ROLE/VARIANT=DIR: build folder or kernel image of a role");
	cmd->add_option("-o,--out", args.out,
			"folder for logs and results (default: CACHE/log/vm)");
	cmd->add_option("--bin", args.bin, "where bin:NAME files are (default: beside hm-vm)");
	cmd->add_option("--selftests", args.selftests,
			"folder of built selftests (default: CACHE/guest/selftests)");
	cmd->add_option("--only", args.only, "only runs of this name");
	cmd->add_option("--accel", args.accel, "auto, kvm or tcg")->check(accelerators());
	cmd->add_option("--allow", args.allow, "allow-list of kernel complaints");
	cmd->add_option("-j,--jobs", args.jobs, "guests at a time")
		->check(CLI::Range(1, 64))
		->take_last();
	cmd->add_option("--time-factor", args.time_factor, "multiply time limits (slow machine)")
		->check(CLI::Range(0.1, 100.0));
	cmd->add_flag("--partial", args.partial, "leave out runs whose kernel was not given");
	cmd->add_flag("--complete", args.complete, "optional files must be there as well");
	cmd->add_flag("--strict-targets", args.strict_targets,
		      "a missed target of the report is a failure");
	cmd->add_flag("--check", args.check_only, "only check that the scenarios are well formed");
	cmd->callback([&chosen] { chosen.command = [&] { return run_command(chosen.run); }; });
}

void add_report(CLI::App &app, Chosen &chosen)
{
	CLI::App *cmd =
		app.add_subcommand("report", "show kept results again, as text or Markdown");
	cmd->alias("compare");
	ReportArgs &args = chosen.report;
	cmd->add_option("scenario", args.scenarios, "scenario files")->required();
	cmd->add_option("-o,--out", args.out,
			"folder that hm-vm run wrote (default: CACHE/log/vm)");
	cmd->add_flag("--markdown", args.as_markdown,
		      "Markdown tables with machine and configuration");
	cmd->add_option("--command", args.command, "the command that Markdown names as its source");
	cmd->callback(
		[&chosen] { chosen.command = [&] { return report_command(chosen.report); }; });
}

void add_contents(CLI::App *cmd, GuestArgs &args)
{
	cmd->add_option("--add", args.adds,
			"SRC[:DEST] file or folder for the guest (default: /bin/NAME)");
	cmd->add_option("--args", args.arguments, "arguments of the script");
}

void add_initramfs(CLI::App &app, Chosen &chosen)
{
	CLI::App *cmd = app.add_subcommand("initramfs", "make an initramfs");
	GuestArgs &args = chosen.initramfs;
	cmd->add_option("-o,--out", args.out, "the archive")->required();
	cmd->add_option("--script", args.script, "script to run; none: an interactive shell")
		->check(CLI::ExistingFile);
	add_contents(cmd, args);
	cmd->callback([&chosen] {
		chosen.command = [&] { return initramfs_command(chosen.initramfs); };
	});
}

void add_shell(CLI::App &app, Chosen &chosen)
{
	CLI::App *cmd = app.add_subcommand("shell", "an interactive guest on this terminal");
	GuestArgs &args = chosen.shell;
	cmd->add_option("-k,--kernel", args.kernel, "build folder or kernel image")->required();
	cmd->add_option("-m,--memory", args.hardware.memory, "memory, such as 2G");
	cmd->add_option("--smp", args.hardware.smp, "processors")->check(CLI::Range(1, 64));
	cmd->add_option("--append", args.append, "kernel command line, added");
	cmd->add_option("--qemu", args.hardware.extra, "further QEMU arguments")
		->allow_extra_args(false);
	cmd->add_option("--accel", args.accel, "auto, kvm or tcg")->check(accelerators());
	add_contents(cmd, args);
	cmd->callback([&chosen] { chosen.command = [&] { return shell_command(chosen.shell); }; });
}

} // namespace

int main(int argc, char **argv)
{
	stop::install();
	CLI::App app{
		"Builds kernels for tests, boots them in QEMU and compares stock with patched.\n"
		"Exit status: 0 all holds, 1 a test or gate failed, 2 usage, 3 environment."};
	app.name("hm-vm");
	app.require_subcommand(1);
	app.set_help_all_flag("--help-all", "help of all subcommands");
	Chosen chosen;
	for (const auto add :
	     {add_kernel, add_image, add_selftests, add_run, add_report, add_initramfs, add_shell})
		add(app, chosen);
	try {
		app.parse(argc, argv);
	} catch (const CLI::ParseError &error) {
		return app.exit(error) == 0 ? 0 : static_cast<int>(Exit::usage);
	}
	const Result<Exit> result = chosen.command();
	if (!result)
		term::complain(result.error());
	stop::die_if_requested();
	return static_cast<int>(result ? *result : result.error().code);
}
