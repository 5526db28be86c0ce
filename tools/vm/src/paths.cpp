// SPDX-License-Identifier: GPL-2.0-only
#include <cstdlib>
#include <filesystem>

#include "commands.hpp"

namespace fs = std::filesystem;

namespace hm::vm
{

fs::path vm_source_dir()
{
	if (const char *dir = std::getenv("HM_VM_DIR"); dir && *dir)
		return dir;
	return HM_VM_SOURCE_DIR; // set by CMake
}

fs::path program_dir()
{
	std::error_code ec;
	const fs::path self = fs::read_symlink("/proc/self/exe", ec);
	return ec ? fs::path(".") : self.parent_path();
}

} // namespace hm::vm
