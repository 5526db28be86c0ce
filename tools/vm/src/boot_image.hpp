// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// The header of a kernel image that somebody else has built.
#pragma once

#include <string>
#include <string_view>

#include "error.hpp"

namespace hm::vm
{

/// What an x86 boot image (bzImage) says of itself.
struct BootImage {
	std::string release; ///< as uname -r will say: "6.12.117-cloud-amd64"
	std::string version; ///< the whole line, with compiler and date
};

/// Reads it out of the whole file. Errors: failed, when it is no boot image or its end is missing.
Result<BootImage> parse_boot_image(std::string_view bytes);

/// Whether a release is of a series: "6.1.0-53" and "6.1" are of "6.1" and of "6", "6.12.1" is not
/// of "6.1".
bool release_is_of(std::string_view release, std::string_view series);

} // namespace hm::vm
