// SPDX-License-Identifier: GPL-2.0-only
#include "number.hpp"

#include <cmath>

#include <fmt/format.h>

namespace hugemem
{

std::string number(double value)
{
	const double size = std::abs(value);
	const int decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
	std::string s = fmt::format("{:.{}f}", value, decimals);
	if (s.find('.') == std::string::npos)
		return s;
	while (s.back() == '0')
		s.pop_back();
	if (s.back() == '.')
		s.pop_back();
	return s == "-0" ? "0" : s;
}

} // namespace hugemem
