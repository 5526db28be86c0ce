// SPDX-License-Identifier: GPL-2.0-only
/// Events of devices, as the kernel broadcasts them (netlink, NETLINK_KOBJECT_UEVENT).
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "error.hpp"
#include "fd.hpp"

namespace hugemem
{

/// One message: "ACTION@DEVPATH", then NAME=VALUE strings, each ended by a zero byte
/// (lib/kobject_uevent.c of the kernel).
struct Uevent {
	std::string action; ///< "add", "remove", "online", "offline", "change", ...
	std::string path;   ///< device below /sys
	std::map<std::string, std::string, std::less<>> values;
};

/// Nothing if it is not such a message (udev's own start with "libudev").
std::optional<Uevent> parse_uevent(std::string_view message);

/// The socket on which they come.
class UeventSocket
{
public:
	/// Errors: environment, with errno's text.
	static Result<UeventSocket> open();

	/// The next event of the kernel, or nothing when `timeout` is over or a signal has
	/// come. Errors: environment; lost messages (ENOBUFS) are one, too.
	Result<std::optional<Uevent>> next(std::chrono::milliseconds timeout);

private:
	explicit UeventSocket(Fd fd) : fd_(std::move(fd)) {}
	Fd fd_;
};

} // namespace hugemem
