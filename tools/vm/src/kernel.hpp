// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Configures and builds a kernel for tests.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "error.hpp"

namespace hm::vm
{

struct KernelSpec {
	std::filesystem::path src; ///< kernel tree; left untouched
	std::filesystem::path out; ///< build folder (O=)
	std::vector<std::filesystem::path>
		configs;                ///< fragments on top of allnoconfig, later ones win
	std::filesystem::path features; ///< Kconfig.fragment; empty: none
	bool stock = false; ///< the tree lacks the series: its unknown features are left out
	unsigned jobs = 1;
	bool configure_only = false;
	std::vector<std::string> targets = {"bzImage", "vmlinux"};
	std::filesystem::path log; ///< empty: CACHE/log/kernel-NAME.log
};

/// allnoconfig with the wanted lines, check of every one of them, build with ccache.
/// Lost options are a failed check that names each of them with file and line.
Status build_kernel(const KernelSpec &spec);

} // namespace hm::vm
