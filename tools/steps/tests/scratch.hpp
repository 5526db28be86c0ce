// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// A folder for one test, gone after it.
#pragma once

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

namespace hm::steps
{

class Scratch
{
public:
	Scratch()
	{
		const auto *test = testing::UnitTest::GetInstance()->current_test_info();
		path_ = std::filesystem::temp_directory_path() /
			("hm-steps-" + std::to_string(getpid()) + "-" + test->test_suite_name() +
			 "-" + test->name());
		std::filesystem::create_directories(path_);
	}
	~Scratch()
	{
		std::error_code ec;
		std::filesystem::remove_all(path_, ec);
	}
	Scratch(const Scratch &) = delete;
	Scratch &operator=(const Scratch &) = delete;

	[[nodiscard]] const std::filesystem::path &path() const { return path_; }

	std::filesystem::path write(const std::string &name, const std::string &text) const
	{
		std::ofstream{path_ / name} << text;
		return path_ / name;
	}

	[[nodiscard]] std::string read(const std::string &name) const
	{
		std::ifstream in{path_ / name};
		return {std::istreambuf_iterator<char>{in}, {}};
	}

private:
	std::filesystem::path path_;
};

} // namespace hm::steps
