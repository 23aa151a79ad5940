"""The passwords that are tried first. They are long enough, and known to everybody."""

# Of lists of stolen passwords. Compared without regard to case, and without ornaments put behind.
COMMON = frozenset(
    """
    password passw0rd p@ssword p@ssw0rd pa$$word password1 password12 password123 password1234 passwordpassword
    12345678 123456789 1234567890 12345678910 123123123 1234512345 0123456789 0987654321 987654321 87654321
    11111111 111111111 1111111111 00000000 000000000 0000000000 22222222 33333333 44444444 55555555 66666666 77777777
    88888888 99999999 11223344 1122334455 12341234 12344321 121212121 123321123 123454321 147258369 159357159
    147852369 789456123 741852963 963852741 102030405 10203040 19871987 20002000 20202020 12121212 69696969
    qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234 qwerty12345 qwertyqwerty 1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qazxsw2
    q1w2e3r4 q1w2e3r4t5 qazwsxedc zaq12wsx zaq1zaq1 asdfghjk asdfghjkl asdf1234 asdfasdf zxcvbnm1 zxcvbnm123
    abcd1234 abc12345 abc123456 abcdefgh abcdefghi abcdefghij aaaaaaaa a1b2c3d4 a1b2c3d4e5 1a2b3c4d aa123456 aa12345678
    iloveyou iloveyou1 iloveyou2 iloveyou123 lovelove loveyou1 sunshine sunshine1 princess princess1 football
    football1 baseball baseball1 basketball superman superman1 batman123 spiderman starwars starwars1 pokemon1
    pokemon123 minecraft dragon123 monkey123 master123 shadow123 michael1 jennifer jessica1 charlie1 jordan23
    liverpool chelsea1 arsenal1 manchester barcelona realmadrid juventus cricket1 sachin10 mumbai123 india123
    indian123 bharat123 krishna1 ganesh123 jaishreeram omnamahshivaya welcome1 welcome12 welcome123 welcome1234
    letmein1 letmein123 trustno1 whatever whatever1 computer computer1 internet internet1 samsung1 samsung123
    google123 microsoft facebook facebook1 linkedin changeme changeme1 changeme123 change-me temp1234 temporary
    temporary1 default1 default123 administrator admin123 admin1234 admin12345 adminadmin rootroot root1234 toor1234
    test1234 test12345 testtest testing1 testing123 guest123 user1234 username demo1234 login123 access14
    secret123 secret1234 topsecret mysecret security1 p4ssw0rd pass1234 pass12345 passpass mypassword newpassword
    payment1 payments payment123 payment-gateway gateway1 gateway123 merchant merchant1 merchant123 business1
    money123 moneymoney summer2023 summer2024 summer2025 summer2026 winter2023 winter2024 winter2025 winter2026
    spring2024 spring2025 spring2026 autumn2024 autumn2025 autumn2026 january1 february1 december1
    correcthorsebatterystaple hello123 hello1234 hellohello goodmorning blink182 butterfly chocolate cheesecake
    victoria elizabeth alexander alexandra nicholas patricia veronica mercedes porsche1 ferrari1 corvette
    """.split()  # noqa: SIM905 (a list of two hundred lines would be harder to read)
)
