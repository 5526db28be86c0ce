// SPDX-License-Identifier: GPL-2.0-only
/// A control group named on the command line.
#pragma once

#include <string>

#include "error.hpp"
#include "fd.hpp"

namespace hugemem
{

struct Cgroup {
	std::string path; ///< absolute
	Fd fd;
};

/// `name` is a path, or below `root` when it does not begin with a slash. Only groups of
/// version 2 can be told apart by BPF. Errors: usage.
Result<Cgroup> open_cgroup(const std::string &name, const std::string &root = "/sys/fs/cgroup");

} // namespace hugemem
