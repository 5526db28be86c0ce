// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Diagnostics for people: stderr, colour only on a terminal and never with NO_COLOR.
#pragma once

#include <string>
#include <string_view>

#include "error.hpp"

namespace hm::vm::term
{

enum class Colour { plain, good, bad, dim };

/// Whether stderr is a terminal that may be overwritten.
bool interactive();
/// Whether this descriptor (1 or 2) wants colour.
bool colourful(int fd);
/// `text` in a colour if `fd` wants it.
std::string paint(int fd, Colour colour, std::string_view text);

/// A full line on stderr. Thread-safe, as are the others.
void say(const std::string &line);
/// A line that the next one replaces; nothing if stderr is not a terminal.
void status(const std::string &line);
/// Error, cause and way out.
void complain(const Error &error);

} // namespace hm::vm::term
