// SPDX-License-Identifier: GPL-2.0-only
#include "machine.hpp"

#include <sys/utsname.h>

#include <cstdint>
#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "text_file.hpp"

namespace hugemem
{

std::string build_id_in(const std::string &notes)
{
	constexpr std::uint32_t nt_gnu_build_id = 3;
	const auto align = [](std::size_t n) { return (n + 3) & ~std::size_t{3}; };
	std::size_t at = 0;
	while (notes.size() - at >= 12) {
		std::uint32_t header[3];
		std::memcpy(header, notes.data() + at, sizeof(header));
		const std::size_t name = at + sizeof(header);
		const std::size_t desc = name + align(header[0]);
		const std::size_t next = desc + align(header[1]);
		if (desc > notes.size() || header[1] > notes.size() - desc)
			return {};
		if (header[2] == nt_gnu_build_id &&
		    notes.compare(name, 4, std::string("GNU\0", 4)) == 0) {
			std::string hex;
			for (std::size_t i = 0; i < header[1]; i++)
				hex += fmt::format("{:02x}",
						   static_cast<unsigned char>(notes[desc + i]));
			return hex;
		}
		if (next > notes.size())
			return {};
		at = next;
	}
	return {};
}

std::string kernel_build_id()
{
	const auto notes = read_text("/sys/kernel/notes");
	return notes ? build_id_in(*notes) : std::string();
}

std::string kernel_name()
{
	utsname u{};
	::uname(&u);
	return fmt::format("{} {}", u.release, u.machine);
}

nlohmann::ordered_json machine_json()
{
	utsname u{};
	::uname(&u);
	return {{"release", u.release},
		{"version", u.version},
		{"machine", u.machine},
		{"build_id", kernel_build_id()}};
}

} // namespace hugemem
