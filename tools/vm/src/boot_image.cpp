// SPDX-License-Identifier: GPL-2.0-only
#include "boot_image.hpp"

#include <cstdint>

#include <fmt/format.h>

namespace hm::vm
{
namespace
{

// Documentation/x86/boot.rst: offsets in the first sectors of the image
constexpr size_t setup_sectors_at = 0x1f1; // 1 byte; 0 means 4
constexpr size_t system_size_at = 0x1f4;   // 4 bytes, in units of 16 bytes
constexpr size_t boot_flag_at = 0x1fe;     // 0xaa55
constexpr size_t magic_at = 0x202;         // "HdrS"
constexpr size_t version_at = 0x20e;       // 2 bytes: where the version is, less 0x200; 0: nowhere
constexpr size_t header_end = 0x210;
constexpr size_t sector = 512;

uint32_t little(std::string_view bytes, size_t at, unsigned width)
{
	uint32_t value = 0;
	for (unsigned i = 0; i < width; ++i)
		value |= static_cast<uint32_t>(static_cast<unsigned char>(bytes[at + i]))
			 << (8 * i);
	return value;
}

} // namespace

Result<BootImage> parse_boot_image(std::string_view bytes)
{
	if (bytes.size() < header_end || little(bytes, boot_flag_at, 2) != 0xaa55 ||
	    bytes.substr(magic_at, 4) != "HdrS")
		return fail(Exit::failed, "no x86 boot image");
	const size_t setup =
		bytes[setup_sectors_at] ? static_cast<unsigned char>(bytes[setup_sectors_at]) : 4;
	const size_t whole = (setup + 1) * sector + size_t{little(bytes, system_size_at, 4)} * 16;
	if (bytes.size() < whole)
		return fail(Exit::failed,
			    fmt::format("its end is missing: {} bytes of {}", bytes.size(), whole));
	const size_t pointer = little(bytes, version_at, 2);
	const size_t at = pointer + 0x200;
	const size_t end = at < bytes.size() ? bytes.find('\0', at) : std::string_view::npos;
	if (!pointer || end == std::string_view::npos || end == at)
		return fail(Exit::failed, "a boot image that does not say its version");
	BootImage image;
	image.version = bytes.substr(at, end - at);
	image.release = image.version.substr(0, image.version.find(' '));
	return image;
}

bool release_is_of(std::string_view release, std::string_view series)
{
	if (series.empty() || !release.starts_with(series))
		return false;
	return release.size() == series.size() || release[series.size()] == '.' ||
	       release[series.size()] == '-';
}

} // namespace hm::vm
