// SPDX-License-Identifier: GPL-2.0-only
// Subcommand "selftests": builds kselftest collections for the guest.
#include <unistd.h>

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "commands.hpp"
#include "files.hpp"
#include "initramfs.hpp"
#include "process.hpp"
#include "term.hpp"

namespace fs = std::filesystem;

namespace hm::vm
{
namespace
{

std::vector<fs::path> sorted_entries(const fs::path &dir)
{
	std::vector<fs::path> list;
	std::error_code ec;
	for (const auto &entry : fs::directory_iterator(dir, ec))
		list.push_back(entry.path());
	std::sort(list.begin(), list.end());
	return list;
}

/// Builds one collection; appends "COLLECTION:PROGRAM" for each program that came of it.
Status build_collection(const fs::path &dir, const fs::path &ksrc, const fs::path &out,
			unsigned jobs, std::string &list)
{
	const std::string name = dir.filename().string();
	const fs::path target = out / name;
	std::error_code ec;
	fs::remove_all(target, ec); // a program that is no longer made must not run
	if (auto st = make_dirs(target); !st)
		return st;
	const fs::path log = cache_dir() / "log" / fmt::format("selftests-{}.log", name);
	if (auto st = write_file(log, ""); !st)
		return st;
	const auto status = run_logged(
		{.argv = {"make", "-C", dir.string(), "KSRC=" + ksrc.string(), "LDFLAGS=-static",
			  "OUTPUT=" + target.string(), fmt::format("-j{}", jobs)}},
		log);
	if (!status)
		return tl::unexpected(status.error());
	if (*status != 0)
		return fail(Exit::failed,
			    fmt::format("{}: make failed (exit status {})", dir.string(), *status),
			    "its log is " + log.string());
	int programs = 0;
	for (const fs::path &file : sorted_entries(target)) {
		if (!fs::is_regular_file(file) || ::access(file.c_str(), X_OK) != 0)
			continue;
		list += fmt::format("{}:{}\n", name, file.filename().string());
		++programs;
	}
	if (programs == 0)
		return fail(Exit::failed, fmt::format("{}: make made no program", dir.string()),
			    "its log is " + log.string());
	if (fs::exists(dir / "settings"))
		fs::copy_file(dir / "settings", target / "settings",
			      fs::copy_options::overwrite_existing, ec);
	term::say(fmt::format("selftests {}: {} programs", name, programs));
	return {};
}

} // namespace

Result<Exit> selftests_command(const SelftestArgs &args)
{
	const fs::path out =
		args.out.empty() ? cache_dir() / "guest" / "selftests" : fs::path(args.out);
	std::error_code ec;
	const fs::path ksrc = fs::canonical(args.ksrc, ec);
	if (ec || !fs::exists(ksrc / "tools/testing/selftests/lib.mk"))
		return fail(Exit::usage, fmt::format("{}: not a Linux kernel tree", args.ksrc));
	if (auto st = make_dirs(out); !st)
		return tl::unexpected(st.error());
	const fs::path out_abs = fs::canonical(out, ec);
	std::string list;
	for (const fs::path &dir : sorted_entries(args.src)) {
		if (!fs::is_regular_file(dir / "Makefile"))
			continue;
		if (auto st = build_collection(fs::absolute(dir), ksrc, out_abs, args.jobs, list);
		    !st)
			return tl::unexpected(st.error());
	}
	if (list.empty())
		return fail(Exit::usage,
			    fmt::format("{}: no collection with a Makefile in it", args.src));
	if (auto st = write_file(out_abs / "kselftest-list.txt", list); !st)
		return tl::unexpected(st.error());
	fmt::print("{}\n", out_abs.string());
	return Exit::ok;
}

} // namespace hm::vm
