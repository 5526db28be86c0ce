// SPDX-License-Identifier: GPL-2.0-only
/// Numbers as a reader wants them.
#pragma once

#include <string>

namespace hugemem
{

/// At least four digits of a number, no decimals for whole ones: "3.25", "16450", "-0.125".
std::string number(double value);

} // namespace hugemem
