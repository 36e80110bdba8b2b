"""`./ops/open`: prints the address of a page with a fresh one-time login."""

from ops.commands import options, serving


def main() -> int:
    parser = options.parser(
        "open", "Prints the address of the test page, with a login in it that works once, within 15 minutes."
    )
    parser.add_argument("--chat", action="store_true", help="the page of the chats, opened as --user")
    parser.add_argument("--user", metavar="ID", help="whom it lets in; the user is made if that one is new")
    parser.add_argument("--moderation", action="store_true", help="the page of the moderators, opened as --as")
    parser.add_argument("--as", dest="moderator", metavar="NAME", help="by what name decisions are noted")
    parser.add_argument("--admin", action="store_true", help="the page of whoever runs this: lanes, workers, keys")
    given = parser.parse_args()
    if given.chat != (given.user is not None):
        parser.error("--chat and --user go together: people chat")
    if given.moderation != (given.moderator is not None):
        parser.error("--moderation and --as go together: who decides is noted")
    if given.chat + given.moderation + given.admin > 1:
        parser.error("one page at a time: --chat, --moderation or --admin")
    folder = options.folder(given)

    async def code() -> str:
        from appliance.accounts import service

        if given.moderation:
            return await service.create_moderator_code(given.moderator)
        if given.admin:
            return await service.create_admin_code()
        return await service.create_login_code(given.user)

    pages = {"/chat": given.chat, "/moderation": given.moderation, "/admin": given.admin}
    page = next((path for path, wanted in pages.items() if wanted), "/")
    print(f"{serving.default_url(folder)}{page}#login={serving.ask(folder, code)}", flush=True)
    return 0


if __name__ == "__main__":
    options.run(main)
