// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// A folder of its own for each test, as files of the kernel's would lie in it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace hugemem
{

class Folder : public testing::Test
{
protected:
	Folder()
	{
		std::string pattern = testing::TempDir() + "hugemem-test-XXXXXX";
		root_ = ::mkdtemp(pattern.data());
	}
	~Folder() override { std::filesystem::remove_all(root_); }

	/// A file below the root, with the folders it is in.
	void put(const std::filesystem::path &path, const std::string &text) const
	{
		std::filesystem::create_directories((root_ / path).parent_path());
		std::ofstream(root_ / path) << text;
	}

	std::filesystem::path root_;
};

} // namespace hugemem
