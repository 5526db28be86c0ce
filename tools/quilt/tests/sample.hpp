// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// A well-formed patch file for the tests, and ways to spoil it.
#pragma once

#include <string>
#include <string_view>

#include "message_id.hpp"

namespace hm::test
{

inline constexpr std::string_view base = "5.10.y";
inline constexpr std::string_view name = "0101-mm-hugetlb-do-one-thing.patch";

/// A patch of mm/hugetlb.c, without Message-Id.
inline const std::string unstamped =
	R"(From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
From: hugemem <hugemem@localhost>
Date: Sat, 21 Nov 2026 09:56:27 +0000
Subject: [PATCH] mm/hugetlb: do one thing
 and another

One thing is not done, which costs 7 pages.

Do it.

Assisted-by: LLM:unspecified sparse coccinelle
---
 mm/hugetlb.c | 3 ++-
 1 file changed, 2 insertions(+), 1 deletion(-)

diff --git a/mm/hugetlb.c b/mm/hugetlb.c
index 1111111111111111111111111111111111111111..2222222222222222222222222222222222222222 100644
--- a/mm/hugetlb.c
+++ b/mm/hugetlb.c
@@ -10,7 +10,8 @@ int f(void)
 a
 b
 c
-d
+D
+e
 f
 g
 h
)";

/// The same as export leaves it.
inline std::string good()
{
	return stamped(base, name, unstamped);
}

/// good() with the first @p from replaced by @p to, and stamped again, so that
/// the Message-Id is not what is wrong with it.
inline std::string spoiled(std::string_view from, std::string_view to)
{
	std::string text = unstamped;
	text.replace(text.find(from), from.size(), to);
	return stamped(base, name, text);
}

} // namespace hm::test
