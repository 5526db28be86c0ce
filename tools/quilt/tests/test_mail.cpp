// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "cover.hpp"
#include "message_id.hpp"
#include "sample.hpp"

namespace hm
{
namespace
{

TEST(MessageId, DependsOnNameBaseAndContentOnly)
{
	const auto id = message_id("5.10.y", "0101-a.patch", test::unstamped);
	EXPECT_EQ(id, message_id("5.10.y", "0101-a.patch", test::unstamped));
	EXPECT_NE(id, message_id("6.1.y", "0101-a.patch", test::unstamped));
	EXPECT_NE(id, message_id("5.10.y", "0101-b.patch", test::unstamped));
	EXPECT_NE(id, message_id("5.10.y", "0101-a.patch", test::unstamped + "x\n"));
}

TEST(Stamped, GoesBehindAFoldedSubjectAndIsIdempotent)
{
	const auto once = test::good();
	EXPECT_NE(once.find(" and another\nMessage-Id: <hugemem.5.10.y.0101."), std::string::npos);
	EXPECT_EQ(stamped(test::base, test::name, once), once);
	EXPECT_EQ(stamped(test::base, test::name, once + "\n\n"), once);
}

TEST(Stamped, LeavesTheMessageAlone)
{
	const std::string text = "From: a\nSubject: s\n\nMessage-Id: in the body\nSubject: too\n";
	const auto out = stamped("b", "n", text);
	EXPECT_NE(out.find("\n\nMessage-Id: in the body\nSubject: too\n"), std::string::npos);
}

TEST(Cover, ParsesAndRefuses)
{
	const auto cover = parse_cover("Subject: About it\n\nText.\n");
	ASSERT_TRUE(cover);
	EXPECT_EQ(cover->subject, "About it");
	EXPECT_EQ(cover->body, "Text.\n");
	EXPECT_FALSE(parse_cover("About it\n\nText.\n"));
	EXPECT_FALSE(parse_cover("Subject: About it\nText.\n\n"));
	EXPECT_FALSE(parse_cover("Subject: " + std::string(76, 'x') + "\n\nText.\n"));
	EXPECT_FALSE(parse_cover("Subject: x\n\n" + std::string(76, 'x') + "\n"));
	EXPECT_TRUE(parse_cover("Subject: x\n\n  " + std::string(90, 'x') + "\n"));
}

Series one(const std::string &text)
{
	Series series;
	series.entries = {"5.10.y/" + std::string(test::name)};
	series.raw = {text};
	series.patches = {parse_patch(std::string(test::name), text).value()};
	return series;
}

TEST(Mbox, ThreadsAndNumbers)
{
	const auto box =
		make_mbox(one(test::good()), {"About it", "Text.\n"}, "5.10.y", "v5.10.262");
	ASSERT_TRUE(box);
	EXPECT_NE(box->find("Subject: [PATCH 5.10.y 00/1] About it\n"), std::string::npos);
	EXPECT_NE(box->find("Subject: [PATCH 5.10.y 01/1] mm/hugetlb: do one thing and another\n"),
		  std::string::npos);
	EXPECT_NE(box->find("Applies to v5.10.262."), std::string::npos);
	const auto at = box->find("In-Reply-To: ") + 13;
	const auto root = box->substr(at, box->find('\n', at) - at);
	EXPECT_NE(box->find("Message-Id: " + root + "\n"), std::string::npos);
	EXPECT_NE(box->find("Content-Transfer-Encoding: 8bit"), std::string::npos);
	EXPECT_FALSE(make_mbox({}, {"a", "b\n"}, "5.10.y", "v5.10.262"));
}

TEST(Mbox, NoLineBeginsWithFromButTheEnvelopes)
{
	const auto text = test::spoiled("Do it.", "From now on = done.");
	const auto box =
		make_mbox(one(text), {"About it", "From me.\n"}, "5.10.y", "v5.10.262").value();
	std::size_t count = box.starts_with("From ") ? 1 : 0;
	for (auto at = box.find("\nFrom "); at != std::string::npos;
	     at = box.find("\nFrom ", at + 1))
		count++;
	EXPECT_EQ(count, 2U) << box;
	EXPECT_NE(box.find("=46rom now on =3D done."), std::string::npos) << box;
	EXPECT_NE(box.find("Content-Transfer-Encoding: quoted-printable"), std::string::npos);
}

} // namespace
} // namespace hm
