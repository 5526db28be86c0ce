// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// The error that every fallible function of hm-series returns.
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace hm
{

/// Exit codes of the project; every program and script uses the same ones.
enum class Exit : int {
	ok = 0,          ///< done, nothing to complain about
	mismatch = 1,    ///< a check failed, two things differ
	usage = 2,       ///< wrong or contradictory arguments or variables
	environment = 3, ///< tool, network, space or permission missing
	unknown = 4,     ///< could not tell
};

/// What went wrong, why, and what the user can do about it.
struct Error {
	Exit exit = Exit::mismatch;
	std::string what; ///< the thing and the cause, one line
	std::string hint; ///< the way out, may be empty
};

template <class T>
using Result = tl::expected<T, Error>;

/// Shorthand for returning an Error from a function of type Result<T>.
inline tl::unexpected<Error> fail(Exit exit, std::string what, std::string hint = {})
{
	return tl::unexpected<Error>(Error{exit, std::move(what), std::move(hint)});
}

} // namespace hm
