// SPDX-License-Identifier: GPL-2.0-only
#include "files.hpp"

#include <cstdlib>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fs = std::filesystem;

namespace hm::vm
{
namespace
{

using testing::HasSubstr;

TEST(Files, WriteAndReadBack)
{
	fs::path where;
	{
		auto tmp = TempDir::make("hm-vm-test");
		ASSERT_TRUE(tmp);
		where = tmp->path();
		ASSERT_TRUE(write_file(where / "deep/er/file", std::string("a\0b", 3)));
		EXPECT_EQ(*read_file(where / "deep/er/file"), std::string("a\0b", 3));
		// Nothing but the file itself is left.
		EXPECT_EQ(std::distance(fs::directory_iterator(where / "deep/er"), {}), 1);
	}
	EXPECT_FALSE(fs::exists(where)); // the folder went with its object
}

TEST(Files, MissingFileIsNamed)
{
	const auto text = read_file("/nonexistent/file");
	ASSERT_FALSE(text);
	EXPECT_EQ(text.error().code, Exit::environment);
	EXPECT_THAT(text.error().what, HasSubstr("/nonexistent/file: No such file"));
}

TEST(Files, FullDiskIsNamed)
{
	// /dev/full gives ENOSPC to every write; the temporary name beside it cannot be made, so
	// the check is on the message of the errno.
	const auto error = fail_errno("x", ENOSPC);
	EXPECT_THAT(error.value().what, HasSubstr("No space left"));
	EXPECT_THAT(error.value().way_out, HasSubstr("CACHE="));
}

TEST(Files, NoSpace)
{
	const auto st = need_space("/tmp/not/there/yet", ~0ULL);
	ASSERT_FALSE(st);
	EXPECT_THAT(st.error().what, HasSubstr("no space"));
	EXPECT_TRUE(need_space("/tmp", 1));
}

TEST(Files, MissingToolNamesThePackage)
{
	const auto tool = find_program("hm-no-such-tool", "the-package");
	ASSERT_FALSE(tool);
	EXPECT_EQ(tool.error().code, Exit::environment);
	EXPECT_THAT(tool.error().way_out, HasSubstr("the-package"));
	EXPECT_TRUE(find_program("sh", "dash"));
}

TEST(Files, CacheFolder)
{
	const char *saved = std::getenv("CACHE");
	const std::optional<std::string> before =
		saved ? std::optional<std::string>(saved) : std::nullopt;
	::setenv("CACHE", "/x/cache", 1);
	EXPECT_EQ(cache_dir(), "/x/cache");
	::unsetenv("CACHE");
	::setenv("XDG_CACHE_HOME", "/x/xdg", 1);
	EXPECT_EQ(cache_dir(), "/x/xdg/hugemem");
	::unsetenv("XDG_CACHE_HOME");
	if (before)
		::setenv("CACHE", before->c_str(), 1);
}

} // namespace
} // namespace hm::vm
