// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// The table `bases`: which kernels the series are for and how to know them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "result.hpp"

namespace hm
{

/// Version of a kernel tree, e.g. 5.10.262 with an EXTRAVERSION such as -rc1.
struct KernelVersion {
	unsigned version = 0;
	unsigned patchlevel = 0;
	unsigned sublevel = 0;
	std::string extra;

	auto operator<=>(const KernelVersion &) const = default;
	/// "5.10.262-extra"
	std::string text() const;
	/// The stable line, "5.10.y".
	std::string line() const;
};

/// Reads VERSION, PATCHLEVEL, SUBLEVEL and EXTRAVERSION off a top-level kernel Makefile.
Result<KernelVersion> parse_kernel_makefile(std::string_view text);

/// Reads a tag such as v5.10.262 or v6.12 (sublevel 0).
Result<KernelVersion> parse_tag(std::string_view tag);

/// One place a tarball comes from. The checksum is empty where it is not known:
/// then the normalised tree, which is checked in any case, is the only gate.
struct Origin {
	std::string name;    ///< kernel.org or debian
	std::string suite;   ///< debian only: the suite that carries the source package
	std::string version; ///< debian only: version of the source package `linux`
	std::string sha256;
};

/// One row.
struct Base {
	std::string name; ///< 5.10.y; also the directory below patches/
	std::string tag;  ///< v5.10.262
	std::vector<Origin> origins;
	std::string tree;   ///< git tree id of the normalised source
	std::string result; ///< git tree id after the whole series, empty if not recorded
	std::string state;  ///< developing, supported or retired

	/// The origin of that name, if the row has one.
	std::optional<Origin> origin(std::string_view wanted) const;
};

/// Parses the content of the file `bases`; every malformed row is an error that names its line.
Result<std::vector<Base>> parse_bases(std::string_view text);

/// The row @p name, or an error that lists the names there are.
Result<Base> find_base(const std::vector<Base> &bases, std::string_view name);

/// @p text (the file `bases`) with one field of the row @p name replaced;
/// comments and the other rows stay as they are.
/// @p field is one of tag, origins, tree, result, state.
Result<std::string> with_field(std::string_view text, std::string_view name, std::string_view field,
			       std::string_view value);

} // namespace hm
