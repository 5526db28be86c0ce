// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Puts an initramfs together: busybox, our init, a script, and files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "error.hpp"

namespace hm::vm
{

/// What goes in beside busybox and the guest folder.
struct InitramfsSpec {
	struct Entry {
		std::string to;             ///< absolute path in the guest
		std::filesystem::path from; ///< file or folder (copied with all below it)
	};
	std::filesystem::path guest_dir; ///< tools/vm/guest: init and lib.sh
	std::filesystem::path script;    ///< becomes /hm/script; empty: an interactive shell
	std::vector<Entry> entries;
	std::string arguments; ///< becomes /hm/args, $1... of the script
};

/// The archive as bytes. busybox comes from $BUSYBOX or busybox-static; a dynamically linked
/// one is refused, since the guest has no loader.
Result<std::string> make_initramfs(const InitramfsSpec &spec);

/// True if the ELF file at `path` asks for an interpreter, i.e. cannot run in the guest.
Result<bool> is_dynamic(const std::filesystem::path &path);

} // namespace hm::vm
