// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "base.hpp"
#include "text.hpp"

namespace hm
{
namespace
{

const std::string sha(64, 'a');
const std::string tree(40, 'b');

std::string row(const std::string &origins, const std::string &result = "-",
		const std::string &state = "supported")
{
	return "# comment\n\n5.10.y v5.10.262 " + origins + " " + tree + " " + result + " " +
	       state + "\n";
}

TEST(Bases, ReadsARow)
{
	const auto bases =
		parse_bases(row("kernel.org:unknown,debian:bullseye-security:5.10.262-1:" + sha));
	ASSERT_TRUE(bases) << bases.error().what;
	const auto base = find_base(*bases, "5.10.y");
	ASSERT_TRUE(base);
	EXPECT_EQ(base->tag, "v5.10.262");
	EXPECT_EQ(base->tree, tree);
	EXPECT_EQ(base->result, "");
	EXPECT_EQ(base->origin("kernel.org")->sha256, "");
	EXPECT_EQ(base->origin("debian")->suite, "bullseye-security");
	EXPECT_EQ(base->origin("debian")->sha256, sha);
	EXPECT_FALSE(base->origin("elsewhere"));
}

TEST(Bases, RefusesBadRowsAndNamesTheLine)
{
	for (const auto &bad :
	     {row("kernel.org:short"), row("elsewhere:" + sha), row("debian:" + sha),
	      row("kernel.org:unknown", "deadbeef"), row("kernel.org:unknown", "-", "fine"),
	      std::string("# x\n\n5.10.y v5.10.262\n"),
	      row("kernel.org:unknown") + row("kernel.org:unknown")}) {
		const auto bases = parse_bases(bad);
		ASSERT_FALSE(bases) << bad;
		EXPECT_TRUE(bases.error().what.starts_with("bases:3: ") ||
			    bases.error().what.starts_with("bases:6: "))
			<< bases.error().what;
	}
}

TEST(Bases, UnknownNameListsWhatThereIs)
{
	const auto base = find_base(parse_bases(row("kernel.org:unknown")).value(), "6.1.y");
	ASSERT_FALSE(base);
	EXPECT_EQ(base.error().exit, Exit::usage);
	EXPECT_NE(base.error().hint.find("5.10.y"), std::string::npos);
}

TEST(Bases, SetsOneFieldAndKeepsTheRest)
{
	const auto text = row("kernel.org:unknown") + "6.1.y v6.1 kernel.org:unknown " + tree +
			  " - developing\n";
	const auto changed = with_field(text, "5.10.y", "result", std::string(40, 'c'));
	ASSERT_TRUE(changed) << changed.error().what;
	EXPECT_TRUE(changed->starts_with("# comment\n\n5.10.y"));
	EXPECT_NE(changed->find("6.1.y v6.1 kernel.org:unknown " + tree + " - developing\n"),
		  std::string::npos);
	const auto bases = parse_bases(*changed);
	EXPECT_EQ(find_base(*bases, "5.10.y")->result, std::string(40, 'c'));
	EXPECT_EQ(find_base(*bases, "6.1.y")->result, "");

	EXPECT_FALSE(with_field(text, "5.10.y", "result", "nonsense"));
	EXPECT_FALSE(with_field(text, "5.10.y", "name", "x"));
	EXPECT_FALSE(with_field(text, "4.4.y", "state", "retired"));
}

TEST(KernelVersion, ReadsAMakefile)
{
	const auto version = parse_kernel_makefile(
		"# SPDX\nVERSION = 5\nPATCHLEVEL = 10\nSUBLEVEL = 262\nEXTRAVERSION = -vendor\n");
	ASSERT_TRUE(version);
	EXPECT_EQ(version->text(), "5.10.262-vendor");
	EXPECT_EQ(version->line(), "5.10.y");
	EXPECT_FALSE(parse_kernel_makefile("VERSION = 5\n"));
	EXPECT_FALSE(parse_kernel_makefile("VERSION = x\nPATCHLEVEL = 10\nSUBLEVEL = 1\n"));
}

TEST(KernelVersion, ReadsATag)
{
	EXPECT_EQ(parse_tag("v5.10.262")->text(), "5.10.262");
	EXPECT_EQ(parse_tag("v6.1")->text(), "6.1.0");
	EXPECT_EQ(parse_tag("v6.1-rc3")->extra, "-rc3");
	for (const auto *bad : {"5.10.262", "v5", "v5.10.262.1", "v5.x", ""})
		EXPECT_FALSE(parse_tag(bad)) << bad;
}

TEST(Sha256, KnownAnswer)
{
	// FIPS 180-2, example B.1
	EXPECT_EQ(sha256_hex("abc"),
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

} // namespace
} // namespace hm
