// SPDX-License-Identifier: GPL-2.0-only
#include "boot_image.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hm::vm
{
namespace
{

using testing::HasSubstr;

/// One sector of setup after the first, 32 bytes of system behind it.
std::string image()
{
	std::string bytes(2 * 512 + 32, '\0');
	bytes[0x1f1] = 1;
	bytes[0x1f4] = 2;
	bytes[0x1fe] = '\x55';
	bytes[0x1ff] = '\xaa';
	bytes.replace(0x202, 4, "HdrS");
	bytes[0x20e] = '\x40'; // at 0x240
	const std::string version = "6.12.117-cloud-amd64 (somebody@somewhere) #1 SMP";
	bytes.replace(0x240, version.size(), version);
	return bytes;
}

std::string refusal(const std::string &bytes)
{
	const auto parsed = parse_boot_image(bytes);
	return parsed ? "" : parsed.error().what;
}

TEST(BootImage, SaysItsRelease)
{
	const auto parsed = parse_boot_image(image());
	ASSERT_TRUE(parsed);
	EXPECT_EQ(parsed->release, "6.12.117-cloud-amd64");
	EXPECT_THAT(parsed->version, HasSubstr("#1 SMP"));
}

TEST(BootImage, OtherFiles)
{
	EXPECT_THAT(refusal(""), HasSubstr("no x86 boot image"));
	EXPECT_THAT(refusal(std::string(4096, 'x')), HasSubstr("no x86 boot image"));
	std::string bytes = image();
	bytes[0x202] = 'h';
	EXPECT_THAT(refusal(bytes), HasSubstr("no x86 boot image"));
}

TEST(BootImage, CutOffAnywhere)
{
	const std::string bytes = image();
	for (size_t n = 0; n < bytes.size(); ++n)
		EXPECT_FALSE(parse_boot_image(std::string_view(bytes).substr(0, n))) << n;
	EXPECT_THAT(refusal(bytes.substr(0, bytes.size() - 1)),
		    HasSubstr("its end is missing: 1055 bytes of 1056"));
}

TEST(BootImage, VersionNowhere)
{
	std::string bytes = image();
	bytes[0x20e] = 0;
	EXPECT_THAT(refusal(bytes), HasSubstr("does not say its version"));
	bytes[0x20e] = '\xff'; // far beyond the end
	bytes[0x20f] = '\xff';
	EXPECT_THAT(refusal(bytes), HasSubstr("does not say its version"));
}

TEST(BootImage, Series)
{
	EXPECT_TRUE(release_is_of("6.1.0-53-cloud-amd64", "6.1"));
	EXPECT_TRUE(release_is_of("6.1-rc3", "6.1"));
	EXPECT_TRUE(release_is_of("6.1", "6.1"));
	EXPECT_TRUE(release_is_of("7.2.13-cloud-amd64", "7"));
	EXPECT_FALSE(release_is_of("6.12.117", "6.1"));
	EXPECT_FALSE(release_is_of("6.1.0", ""));
	EXPECT_FALSE(release_is_of("6", "6.1"));
}

} // namespace
} // namespace hm::vm
