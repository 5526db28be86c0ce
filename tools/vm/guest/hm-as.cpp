// SPDX-License-Identifier: GPL-2.0-only
// Runs a program as somebody who may do less: without a capability, with a limit of locked memory,
// as another user. busybox can take no capability away from root for good.
//
//     hm-as [--drop NUMBER]... [--memlock BYTES] [--user UID] PROGRAM [ARGUMENT]...
#include "measure.hpp"

#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string_view>

using namespace hm::guest;

int main(int argc, char **argv)
{
	constexpr const char *usage =
		"usage: hm-as [--drop CAPABILITY-NUMBER]... [--memlock BYTES] [--user UID] PROGRAM [ARGUMENT]...";
	int i = 1;
	long user = 0;
	for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
		const std::string_view arg = argv[i];
		const long value = number(argv[i + 1], 0);
		if (arg == "--drop") {
			// a program that root executes gets what the bounding set leaves it
			if (::prctl(PR_CAPBSET_DROP, value, 0, 0, 0))
				die_errno("PR_CAPBSET_DROP");
		} else if (arg == "--memlock") {
			const struct rlimit limit = {static_cast<rlim_t>(value),
						     static_cast<rlim_t>(value)};
			if (::setrlimit(RLIMIT_MEMLOCK, &limit))
				die_errno("RLIMIT_MEMLOCK");
		} else if (arg == "--user") {
			user = value;
		} else {
			die(usage, 2);
		}
	}
	if (i >= argc)
		die(usage, 2);
	if (user) {
		const auto id = static_cast<uid_t>(user);
		if (::setgroups(0, nullptr) || ::setgid(id) || ::setuid(id))
			die_errno("changing the user");
	}
	::execvp(argv[i], argv + i);
	die_errno(argv[i]);
}
