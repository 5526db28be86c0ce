// SPDX-License-Identifier: GPL-2.0-only
#include "newc.hpp"

#include <sys/stat.h>

#include <fmt/format.h>

namespace hm::vm
{
namespace
{

/// Archive names have neither a leading nor a trailing slash.
std::string_view bare(std::string_view path)
{
	while (!path.empty() && path.front() == '/')
		path.remove_prefix(1);
	while (!path.empty() && path.back() == '/')
		path.remove_suffix(1);
	return path;
}

} // namespace

void NewcWriter::append(std::string_view name, std::uint32_t mode, std::string_view contents,
			unsigned rmajor, unsigned rminor)
{
	const auto pad4 = [this] { bytes_.append((4 - bytes_.size() % 4) % 4, '\0'); };
	const bool trailer = name == "TRAILER!!!";
	const std::uint32_t inode = trailer ? 0 : next_inode_++;
	// magic ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor
	// namesize check; 110 bytes
	bytes_ += fmt::format(
		"070701{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}"
		"{:08X}{:08X}",
		inode, mode, 0, 0, S_ISDIR(mode) ? 2 : 1, 0,
		static_cast<std::uint32_t>(contents.size()), 0, 0, rmajor, rminor,
		static_cast<std::uint32_t>(name.size() + 1), 0);
	bytes_ += name;
	bytes_ += '\0';
	pad4();
	bytes_ += contents;
	pad4();
}

Status NewcWriter::add(std::string_view path, std::uint32_t mode, std::string_view contents,
		       unsigned rmajor, unsigned rminor)
{
	const std::string_view name = bare(path);
	if (name.empty())
		return {}; // the root folder is always there
	if (contents.size() > 0xffffffffULL)
		return fail(Exit::environment,
			    fmt::format("{}: 4 GiB or more, too large for cpio", path));
	for (size_t slash = name.find('/'); slash != std::string_view::npos;
	     slash = name.find('/', slash + 1)) {
		const std::string_view parent = name.substr(0, slash);
		if (!names_.contains(parent)) {
			names_.emplace(parent);
			append(parent, S_IFDIR | 0755, {}, 0, 0);
		}
	}
	if (names_.contains(name)) {
		if (S_ISDIR(mode))
			return {};
		return fail(Exit::usage, fmt::format("/{}: twice in the initramfs", name));
	}
	names_.emplace(name);
	append(name, mode, contents, rmajor, rminor);
	return {};
}

Status NewcWriter::dir(std::string_view path, unsigned mode)
{
	return add(path, S_IFDIR | mode, {}, 0, 0);
}

Status NewcWriter::file(std::string_view path, std::string_view contents, unsigned mode)
{
	return add(path, S_IFREG | mode, contents, 0, 0);
}

Status NewcWriter::symlink(std::string_view path, std::string_view target)
{
	return add(path, S_IFLNK | 0777, target, 0, 0);
}

Status NewcWriter::char_device(std::string_view path, unsigned major, unsigned minor, unsigned mode)
{
	return add(path, S_IFCHR | mode, {}, major, minor);
}

std::string NewcWriter::finish()
{
	append("TRAILER!!!", 0, {}, 0, 0);
	bytes_.append((512 - bytes_.size() % 512) % 512, '\0');
	names_.clear();
	next_inode_ = 1;
	return std::exchange(bytes_, {});
}

} // namespace hm::vm
