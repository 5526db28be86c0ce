// SPDX-License-Identifier: GPL-2.0-only
#include "newc.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "files.hpp"
#include "process.hpp"

namespace hm::vm
{
namespace
{

using testing::HasSubstr;

std::string sample()
{
	NewcWriter cpio;
	EXPECT_TRUE(cpio.file("/a/b/hello", "hi\n", 0755));
	EXPECT_TRUE(cpio.symlink("/a/link", "b/hello"));
	EXPECT_TRUE(cpio.dir("/a"));
	EXPECT_TRUE(cpio.char_device("/dev/console", 5, 1));
	return cpio.finish();
}

TEST(Newc, SameInputSameBytes)
{
	EXPECT_EQ(sample(), sample());
}

TEST(Newc, HeaderAndPadding)
{
	const std::string bytes = sample();
	EXPECT_EQ(bytes.substr(0, 6), "070701");
	EXPECT_EQ(bytes.size() % 512, 0U);
	EXPECT_THAT(bytes, HasSubstr("TRAILER!!!"));
	// Parents come before what is in them.
	EXPECT_LT(bytes.find("a/b"), bytes.find("a/b/hello"));
}

TEST(Newc, CpioReadsIt)
{
	if (!find_program("cpio", "cpio"))
		GTEST_SKIP() << "cpio is not installed";
	auto tmp = TempDir::make("hm-vm-test");
	ASSERT_TRUE(tmp);
	ASSERT_TRUE(write_file(tmp->path() / "x.cpio", sample()));
	Spawn spawn;
	spawn.argv = {"sh", "-c", "cpio --quiet -tv < x.cpio"};
	spawn.cwd = tmp->path();
	const auto text = run_output(spawn);
	ASSERT_TRUE(text) << text.error().what;
	EXPECT_THAT(*text, HasSubstr("a/b/hello"));
	EXPECT_THAT(*text, HasSubstr("a/link -> b/hello"));
	EXPECT_THAT(*text, HasSubstr("-rwxr-xr-x"));
	EXPECT_THAT(*text, HasSubstr("5,   1"));
	spawn.argv = {"sh", "-c", "cpio --quiet -i --to-stdout a/b/hello < x.cpio"};
	const auto contents = run_output(spawn);
	ASSERT_TRUE(contents) << contents.error().what;
	EXPECT_EQ(*contents, "hi\n");
}

TEST(Newc, TwiceTheSameNameIsRefused)
{
	NewcWriter cpio;
	ASSERT_TRUE(cpio.file("/x", "1"));
	const auto again = cpio.file("x", "2");
	ASSERT_FALSE(again);
	EXPECT_THAT(again.error().what, HasSubstr("/x: twice"));
}

} // namespace
} // namespace hm::vm
