// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Writer of cpio archives in the "newc" format that the kernel unpacks as initramfs.
/// Format: Documentation/driver-api/early-userspace/buffer-format.rst. Owner root, time 0 and
/// inode numbers in order of addition, so that equal input gives equal bytes.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "error.hpp"

namespace hm::vm
{

class NewcWriter
{
public:
	/// Adds a folder and, like all adders, the folders above it that are not there yet.
	Status dir(std::string_view path, unsigned mode = 0755);
	/// Adds a regular file; contents of 4 GiB or more do not fit the format.
	Status file(std::string_view path, std::string_view contents, unsigned mode = 0644);
	Status symlink(std::string_view path, std::string_view target);
	/// Adds a character device.
	Status char_device(std::string_view path, unsigned major, unsigned minor,
			   unsigned mode = 0600);

	/// Closes the archive and returns it, padded to 512 bytes. The writer is empty afterwards.
	std::string finish();

private:
	Status add(std::string_view path, std::uint32_t mode, std::string_view contents,
		   unsigned rmajor, unsigned rminor);
	void append(std::string_view name, std::uint32_t mode, std::string_view contents,
		    unsigned rmajor, unsigned rminor);
	std::string bytes_;
	std::set<std::string, std::less<>> names_;
	std::uint32_t next_inode_ = 1;
};

} // namespace hm::vm
