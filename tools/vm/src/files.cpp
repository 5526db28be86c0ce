// SPDX-License-Identifier: GPL-2.0-only
#include "files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <array>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>

#include "fd.hpp"

namespace fs = std::filesystem;

namespace hm::vm
{

Result<std::string> read_file(const fs::path &path)
{
	const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
	if (!fd.valid())
		return fail_errno(path.string());
	std::string bytes;
	std::array<char, 65536> buf{};
	for (;;) {
		const ssize_t n = ::read(fd.get(), buf.data(), buf.size());
		if (n == 0)
			return bytes;
		if (n > 0)
			bytes.append(buf.data(), static_cast<size_t>(n));
		else if (errno != EINTR)
			return fail_errno(path.string());
	}
}

Status write_file(const fs::path &path, std::string_view bytes)
{
	if (path.has_parent_path()) {
		if (auto st = make_dirs(path.parent_path()); !st)
			return st;
	}
	const fs::path tmp = path.string() + fmt::format(".tmp{}", ::getpid());
	Fd fd(::open(tmp.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
	if (!fd.valid())
		return fail_errno(tmp.string());
	while (!bytes.empty()) {
		const ssize_t n = ::write(fd.get(), bytes.data(), bytes.size());
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			const int err = errno;
			::unlink(tmp.c_str());
			return fail_errno(path.string(), err);
		}
		bytes.remove_prefix(static_cast<size_t>(n));
	}
	fd.reset();
	if (::rename(tmp.c_str(), path.c_str()) != 0) {
		const int err = errno;
		::unlink(tmp.c_str());
		return fail_errno(path.string(), err);
	}
	return {};
}

Status make_dirs(const fs::path &path)
{
	std::error_code ec;
	fs::create_directories(path, ec);
	if (ec)
		return fail_errno(path.string(), ec.value());
	return {};
}

fs::path cache_dir()
{
	const auto env = [](const char *name) -> std::string {
		const char *value = std::getenv(name);
		return value ? value : "";
	};
	if (auto dir = env("CACHE"); !dir.empty())
		return dir;
	if (auto dir = env("XDG_CACHE_HOME"); !dir.empty())
		return fs::path(dir) / "hugemem";
	auto home = env("HOME");
	return fs::path(home.empty() ? "/tmp" : home) / ".cache" / "hugemem";
}

Result<fs::path> find_program(const std::string &name, const std::string &package)
{
	const char *env = std::getenv("PATH");
	const std::string dirs = env ? env : "/usr/bin:/bin";
	for (size_t pos = 0; pos <= dirs.size();) {
		const size_t end = std::min(dirs.find(':', pos), dirs.size());
		const fs::path candidate = fs::path(dirs.substr(pos, end - pos)) / name;
		if (::access(candidate.c_str(), X_OK) == 0 && fs::is_regular_file(candidate))
			return candidate;
		pos = end + 1;
	}
	return fail(Exit::environment, fmt::format("{} is not installed (not found in PATH)", name),
		    fmt::format("apt-get install {}", package));
}

Status need_space(const fs::path &dir, unsigned long long bytes)
{
	fs::path probe = fs::absolute(dir);
	while (!fs::exists(probe) && probe.has_relative_path())
		probe = probe.parent_path();
	struct statvfs vfs {
	};
	if (::statvfs(probe.c_str(), &vfs) != 0)
		return fail_errno(probe.string());
	const unsigned long long have =
		static_cast<unsigned long long>(vfs.f_bavail) * vfs.f_frsize;
	if (have < bytes)
		return fail(Exit::environment,
			    fmt::format("{}: no space: {} MiB free, {} MiB needed", dir.string(),
					have >> 20, bytes >> 20),
			    "free some space, or move the cache with CACHE=/other/disk");
	return {};
}

Result<TempDir> TempDir::make(const std::string &prefix)
{
	const char *tmp = std::getenv("TMPDIR");
	std::string path = fmt::format("{}/{}.XXXXXX", tmp && *tmp ? tmp : "/tmp", prefix);
	if (!::mkdtemp(path.data()))
		return fail_errno(path);
	return TempDir(path);
}

void TempDir::remove()
{
	if (path_.empty())
		return;
	std::error_code ec;
	fs::remove_all(path_, ec); // a leftover in /tmp is not worth failing for
	path_.clear();
}

} // namespace hm::vm
