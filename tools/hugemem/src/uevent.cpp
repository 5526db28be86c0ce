// SPDX-License-Identifier: GPL-2.0-only
#include "uevent.hpp"

#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace hugemem
{

std::optional<Uevent> parse_uevent(std::string_view message)
{
	const std::size_t end = message.find('\0');
	const std::string_view head = message.substr(0, end);
	const std::size_t at = head.find('@');
	if (at == std::string_view::npos || at == 0)
		return std::nullopt;

	Uevent event;
	event.action = head.substr(0, at);
	event.path = head.substr(at + 1);
	while (end != std::string_view::npos && !message.empty()) {
		const std::size_t zero = message.find('\0');
		if (zero == std::string_view::npos)
			break;
		const std::string_view pair = message.substr(0, zero);
		message.remove_prefix(zero + 1);
		const std::size_t equals = pair.find('=');
		if (equals != std::string_view::npos && pair != head)
			event.values.emplace(pair.substr(0, equals), pair.substr(equals + 1));
	}
	return event;
}

Result<UeventSocket> UeventSocket::open()
{
	Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT));
	if (!fd)
		return fail(Exit::environment, "socket of device events", std::strerror(errno));
	// A DIMM of 64 GiB sends a thousand at once. Best effort: without CAP_NET_ADMIN the
	// default stays, and what does not fit is said to be lost.
	const int room = 4 << 20;
	if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) != 0)
		(void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	sockaddr_nl address{};
	address.nl_family = AF_NETLINK;
	address.nl_groups = 1; // the kernel's own
	if (::bind(fd.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0)
		return fail(Exit::environment, "socket of device events", std::strerror(errno));
	return UeventSocket(std::move(fd));
}

Result<std::optional<Uevent>> UeventSocket::next(std::chrono::milliseconds timeout)
{
	const auto until = std::chrono::steady_clock::now() + timeout;
	for (;;) {
		const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
			until - std::chrono::steady_clock::now());
		if (left.count() < 0)
			return std::nullopt;
		pollfd ready{.fd = fd_.get(), .events = POLLIN, .revents = 0};
		const int n = ::poll(&ready, 1, static_cast<int>(left.count()));
		if (n < 0 && errno == EINTR)
			return std::nullopt;
		if (n < 0)
			return fail(Exit::environment, "device events", std::strerror(errno));
		if (n == 0)
			return std::nullopt;

		std::array<char, 8192> buffer{};
		sockaddr_nl from{};
		socklen_t length = sizeof(from);
		const ssize_t got = ::recvfrom(fd_.get(), buffer.data(), buffer.size(), 0,
					       reinterpret_cast<sockaddr *>(&from), &length);
		if (got < 0 && errno == EINTR)
			return std::nullopt;
		if (got < 0 && errno == ENOBUFS)
			return fail(Exit::environment, "device events",
				    "some were lost, because they came too fast");
		if (got < 0)
			return fail(Exit::environment, "device events", std::strerror(errno));
		// Only the kernel has port 0; others may send to the group
		if (from.nl_pid != 0)
			continue;
		if (auto event = parse_uevent({buffer.data(), static_cast<std::size_t>(got)}))
			return event;
	}
}

} // namespace hugemem
