// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// What a function that can fail hands back: a text that names the thing, the cause and the way
/// out, and the exit code that the program ends with when nobody can help.
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace hm::steps
{

/// Exit codes, the same in every program of the project.
enum class Exit : int {
	ok = 0,          ///< every step passed
	failed = 1,      ///< a step failed
	usage = 2,       ///< bad command line or bad plan
	environment = 3, ///< a tool, the network, space or a permission is missing
	unknown = 4,     ///< cannot tell
};

/// A cause.
struct Error {
	Exit code = Exit::failed;
	std::string what;
};

/// A value or the cause of its absence.
template <typename T>
using Result = tl::expected<T, Error>;

/// Short for an absent value.
inline tl::unexpected<Error> fail(Exit code, std::string what)
{
	return tl::unexpected<Error>{Error{code, std::move(what)}};
}

} // namespace hm::steps
