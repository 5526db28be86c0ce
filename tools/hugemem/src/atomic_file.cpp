// SPDX-License-Identifier: GPL-2.0-only
#include "atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fd.hpp"

namespace hugemem
{
namespace
{

tl::unexpected<Error> failed(const std::string &what, std::string way_out = {})
{
	return fail(Exit::environment, what, std::strerror(errno), std::move(way_out));
}

bool write_all(int fd, std::string_view content)
{
	while (!content.empty()) {
		const ssize_t n = ::write(fd, content.data(), content.size());
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		content.remove_prefix(static_cast<std::size_t>(n));
	}
	return true;
}

/// A name that is removed again unless it was put in its place.
class Scrap
{
public:
	explicit Scrap(std::string path) : path_(std::move(path)) {}
	Scrap(const Scrap &) = delete;
	Scrap &operator=(const Scrap &) = delete;
	~Scrap()
	{
		if (!path_.empty())
			::unlink(path_.c_str());
	}
	bool rename_to(const std::string &path)
	{
		if (std::rename(path_.c_str(), path.c_str()) != 0)
			return false;
		path_.clear();
		return true;
	}

private:
	std::string path_;
};

} // namespace

Result<void> replace_file(const std::string &path, std::string_view content)
{
	const std::size_t slash = path.rfind('/');
	const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
	const std::string file = slash == std::string::npos ? path : path.substr(slash + 1);
	if (file.empty())
		return fail(Exit::usage, "\"" + path + "\"", "names no file");

	std::string name = folder + "/." + file + ".XXXXXX";
	const Fd fd(::mkostemp(name.data(), O_CLOEXEC));
	if (!fd)
		return failed("cannot write in " + folder, "the folder has to be there, and yours");
	Scrap scrap(name);
	// fchmod() and not the mode of open(), which the umask takes from
	if (!write_all(fd.get(), content) || ::fchmod(fd.get(), 0644) != 0 ||
	    ::fsync(fd.get()) != 0)
		return failed(name);
	if (!scrap.rename_to(path))
		return failed(path);
	// So that the new name survives a crash, too. Some filesystems cannot, and need not.
	const Fd dir(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (dir && ::fsync(dir.get()) != 0 && errno != EINVAL)
		return failed(folder);
	return {};
}

} // namespace hugemem
