// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// hm-series: the model of bases, series and patches, for the scripts beside it.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands.hpp"
#include "project.hpp"
#include "result.hpp"

namespace
{

/// Error in red where stderr is a terminal that wants colour.
void complain(const hm::Error &error)
{
	const bool colour =
		isatty(STDERR_FILENO) != 0 &&
		std::getenv("NO_COLOR") == nullptr; // NOLINT(concurrency-mt-unsafe): one thread
	fmt::print(stderr, "{}error:{} {}\n", colour ? "\033[31m" : "", colour ? "\033[0m" : "",
		   error.what);
	if (!error.hint.empty())
		fmt::print(stderr, "       {}\n", error.hint);
}

/// Everything the command line can set.
struct Arguments {
	hm::Project project;
	std::string field;
	std::string value;
	std::string path;
	std::vector<std::string> topics;
	std::vector<std::string> files;
	bool renumber = false;
	bool all_used = false;
};

using Command = hm::Result<void> (*)(const Arguments &);

CLI::App *add(CLI::App &app, Command &chosen, const char *name, const char *help, Command command)
{
	auto *sub = app.add_subcommand(name, help);
	sub->callback([&chosen, command] { chosen = command; });
	return sub;
}

void define(CLI::App &app, Arguments &args, Command &chosen)
{
	app.require_subcommand(1);
	app.add_option("--root", args.project.root, "top of the repository")
		->envname("HM_ROOT")
		->default_str(".");
	app.add_option("--base", args.project.base, "name of the base (5.10.y)")->envname("BASE");

	add(app, chosen, "base", "print the row of the base as lines 'key value'",
	    [](const Arguments &a) { return hm::print_base(a.project); });
	auto *set = add(
		app, chosen, "set", "replace a field of the row of the base",
		[](const Arguments &a) { return hm::set_base_field(a.project, a.field, a.value); });
	set->add_option("field", args.field, "tag, origins, tree, result or state")->required();
	set->add_option("value", args.value, "new value, '-' for none")->required();
	auto *version = add(app, chosen, "kernel-version",
			    "print the version that a kernel Makefile states",
			    [](const Arguments &a) { return hm::print_kernel_version(a.path); });
	version->add_option("makefile", args.path)->required();
	add(app, chosen, "topics", "print the topic blocks and what each needs",
	    [](const Arguments &a) { return hm::print_topics(a.project); });
	auto *list = add(app, chosen, "list", "print the patches in order",
			 [](const Arguments &a) { return hm::print_series(a.project, a.topics); });
	list->add_option("topics", args.topics, "only these; what they need must be among them");
	add(app, chosen, "subsets", "print every set of topics that can be applied by itself",
	    [](const Arguments &a) { return hm::print_subsets(a.project); });
	auto *touched =
		add(app, chosen, "touched", "print the paths that the series touches",
		    [](const Arguments &a) { return hm::print_touched(a.project, a.topics); });
	touched->add_option("topics", args.topics, "only these");
	auto *noticed = add(
		app, chosen, "concerned",
		"of the C files on stdin, print those that could notice a patch",
		[](const Arguments &a) { return hm::print_concerned(a.project, a.path, a.value); });
	noticed->add_option("patch", args.path, "its file name")->required();
	noticed->add_option("tree", args.value, "kernel tree with the patch")->required();
	auto *names =
		add(app, chosen, "names", "name the commits on stdin (id TAB note TAB subject)",
		    [](const Arguments &a) { return hm::print_names(a.project, a.renumber); });
	names->add_flag("--renumber", args.renumber, "number every block anew");
	auto *stamp = add(app, chosen, "stamp", "put the derived Message-Id into patch files",
			  [](const Arguments &a) { return hm::stamp_files(a.project, a.files); });
	stamp->add_option("files", args.files)->required();
	auto *series =
		add(app, chosen, "series-file", "print a series file that names the given patches",
		    [](const Arguments &a) { return hm::print_series_file(a.project, a.files); });
	series->add_option("files", args.files);
	add(app, chosen, "check",
	    "check bases, series, patches and what goes with them; needs no kernel",
	    [](const Arguments &a) { return hm::run_check(a.project); });
	add(app, chosen, "mbox", "print the series with its cover letter as a mailbox",
	    [](const Arguments &a) { return hm::print_mbox(a.project); });
	auto *warnings =
		add(app, chosen, "new-warnings",
		    "print the messages of the second file that the first has not",
		    [](const Arguments &a) { return hm::compare_warnings(a.path, a.value); });
	warnings->add_option("before", args.path)->required();
	warnings->add_option("after", args.value)->required();
	auto *filter = add(app, chosen, "filter",
			   "print the messages of checkpatch that no exception accepts",
			   [](const Arguments &a) {
				   return hm::filter_messages(a.path, a.value, a.all_used);
			   });
	filter->add_option("exceptions", args.path)->required();
	filter->add_option("messages", args.value)->required();
	filter->add_flag("--all-used", args.all_used,
			 "an exception that accepts nothing is an error");
}

} // namespace

int main(int argc, char **argv)
{
	CLI::App app{"Bases, series and patches of hugemem."};
	Arguments args;
	Command chosen = nullptr;
	define(app, args, chosen);
	try {
		app.parse(argc, argv);
	} catch (const CLI::ParseError &error) {
		return app.exit(error) == 0 ? 0 : static_cast<int>(hm::Exit::usage);
	}
	if (args.project.root.empty())
		args.project.root = ".";
	args.project.complete();
	const auto done = chosen(args);
	if (!done) {
		complain(done.error());
		return static_cast<int>(done.error().exit);
	}
	// Data that did not reach its reader must not look like success.
	return std::fflush(stdout) == 0 ? 0 : static_cast<int>(hm::Exit::environment);
}
