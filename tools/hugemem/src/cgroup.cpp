// SPDX-License-Identifier: GPL-2.0-only
#include "cgroup.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <cerrno>
#include <cstring>

namespace hugemem
{

Result<Cgroup> open_cgroup(const std::string &name, const std::string &root)
{
	Cgroup group;
	group.path = name.starts_with('/') ? name : root + "/" + name;
	const std::string what = "--cgroup " + name;
	group.fd = Fd(::open(group.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (!group.fd)
		return fail(Exit::usage, what, group.path + ": " + std::strerror(errno),
			    "name a directory of cgroup2, such as system.slice/NAME.service");
	struct statfs fs {
	};
	if (::fstatfs(group.fd.get(), &fs) || fs.f_type != CGROUP2_SUPER_MAGIC)
		return fail(Exit::usage, what, group.path + " is not in a cgroup2 file system",
			    "groups of version 1 cannot be followed; mount -t cgroup2 none DIR");
	return group;
}

} // namespace hugemem
