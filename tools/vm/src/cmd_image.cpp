// SPDX-License-Identifier: GPL-2.0-only
// Subcommand "image": what a kernel image says of itself, for those that were not built here.
#include <fmt/format.h>

#include "boot_image.hpp"
#include "commands.hpp"
#include "files.hpp"

namespace hm::vm
{

Result<Exit> image_command(const ImageArgs &args)
{
	const auto bytes = read_file(args.file);
	if (!bytes)
		return tl::unexpected(bytes.error());
	const auto image = parse_boot_image(*bytes);
	if (!image)
		return fail(image.error().code,
			    fmt::format("{}: {}", args.file, image.error().what));
	if (!args.series.empty() && !release_is_of(image->release, args.series))
		return fail(Exit::failed, fmt::format("{}: is {}, not of {}", args.file,
						      image->release, args.series));
	fmt::print("{}\n", image->release);
	return Exit::ok;
}

} // namespace hm::vm
