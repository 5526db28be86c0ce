// SPDX-License-Identifier: GPL-2.0-only
#include "kconfig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "files.hpp"

namespace hm::vm::kconfig
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Kconfig, FragmentLines)
{
	const auto list = parse_fragment("# comment\nCONFIG_A=y\n# CONFIG_B is not set\n"
					 "CONFIG_C=\"a b\"\n  CONFIG_D=12  \n",
					 "f");
	ASSERT_TRUE(list);
	ASSERT_THAT(*list, SizeIs(4));
	EXPECT_EQ((*list)[1].symbol, "B");
	EXPECT_EQ((*list)[1].value, "n");
	EXPECT_EQ((*list)[2].value, "\"a b\"");
	EXPECT_EQ((*list)[3].value, "12");
	EXPECT_EQ((*list)[3].line, 5U);
}

TEST(Kconfig, MalformedLineIsNamed)
{
	const auto list = parse_fragment("CONFIG_A=y\nCONFG_B=y\n", "tiny.config");
	ASSERT_FALSE(list);
	EXPECT_EQ(list.error().code, Exit::usage);
	EXPECT_THAT(list.error().what, HasSubstr("tiny.config:2"));
}

TEST(Kconfig, LaterLinesWin)
{
	const auto list = parse_fragment("CONFIG_A=y\nCONFIG_B=y\n# CONFIG_A is not set\n", "f");
	const auto wanted = effective(*list);
	ASSERT_THAT(wanted, SizeIs(2));
	EXPECT_EQ(wanted[1].symbol, "A");
	EXPECT_EQ(wanted[1].value, "n");
}

TEST(Kconfig, LostOptionsAreFound)
{
	const auto wanted = *parse_fragment(
		"CONFIG_KEPT=y\nCONFIG_GONE=y\nCONFIG_WEAK=y\n"
		"# CONFIG_FORCED is not set\n# CONFIG_OFF is not set\nCONFIG_NO=n\n",
		"f");
	const auto config = parse_config("CONFIG_KEPT=y\nCONFIG_WEAK=m\nCONFIG_FORCED=y\n"
					 "# CONFIG_OFF is not set\n");
	const auto lost = find_lost(wanted, config);
	ASSERT_THAT(lost, SizeIs(3));
	EXPECT_EQ(lost[0].wanted.symbol, "GONE");
	EXPECT_EQ(lost[0].actual, "n");
	EXPECT_EQ(lost[1].wanted.symbol, "WEAK");
	EXPECT_EQ(lost[1].actual, "m");
	EXPECT_EQ(lost[2].wanted.symbol, "FORCED");
}

TEST(Kconfig, NothingLost)
{
	EXPECT_THAT(find_lost(*parse_fragment("CONFIG_A=y\n", "f"), parse_config("CONFIG_A=y\n")),
		    IsEmpty());
}

TEST(Kconfig, SymbolsOfATree)
{
	auto tmp = TempDir::make("hm-vm-test");
	ASSERT_TRUE(tmp);
	ASSERT_TRUE(write_file(tmp->path() / "mm/Kconfig", "config ALPHA\n\tbool \"a\"\n"));
	ASSERT_TRUE(
		write_file(tmp->path() / "fs/Kconfig.extra", "menuconfig BETA\n# config GAMMA\n"));
	ASSERT_TRUE(write_file(tmp->path() / "fs/notes.txt", "config GAMMA\n"));
	const auto known = known_symbols(tmp->path(), {"ALPHA", "BETA", "GAMMA", "ALPH"});
	ASSERT_TRUE(known);
	EXPECT_THAT(*known, ElementsAre("ALPHA", "BETA"));
}

TEST(Kconfig, OwnFragmentsAreWellFormed)
{
	for (const auto &entry : std::filesystem::directory_iterator(HM_VM_SOURCE_DIR "/config")) {
		if (entry.path().extension() != ".config")
			continue;
		const auto text = read_file(entry.path());
		ASSERT_TRUE(text);
		const auto list = parse_fragment(*text, entry.path().filename().string());
		ASSERT_TRUE(list) << list.error().what;
		EXPECT_EQ(effective(*list).size(), list->size())
			<< entry.path() << ": an option twice";
	}
}

TEST(Kconfig, TinyLacksDebugVm)
{
	const auto text = read_file(HM_VM_SOURCE_DIR "/config/tiny.config");
	ASSERT_TRUE(text);
	EXPECT_FALSE(parse_config(*text).contains("DEBUG_VM"));
}

} // namespace
} // namespace hm::vm::kconfig
