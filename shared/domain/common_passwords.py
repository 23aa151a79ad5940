"""What people's passwords are made of: words that are tried first, whatever is put before, behind or between.

The 3,000 most frequent passwords of zxcvbn's list (MIT, Dan Wheeler and Dropbox, Inc.), and what is near at hand here,
without what people dress them up in and without what `guessing` refuses by itself. People choose rude ones, too.
"""

COMMON = frozenset(
    """
    123qwe123 a1b2c a1b2c3d a1s2d a1s2d3f a2b3c a2b3c4d aaliyah aardvark abcd aberdeen abgrtyu absolut access accord
    achilles action adgjmptw adidas admin adminadmin administrator adonis aezakmi agent aggies aikido airborne airbus
    airforce airplane alabama alaska albatros albion alejandr aleksandr aleksandra aleksey alexande alexander alexandr
    alexandra alexis alfa alibaba aliens allmine allsop allstar alpha alphabet alpine alucard amadeus amanda amateur
    amazon amber america amsterda amsterdam anaconda anakin anal analsex anarchy andrei andrew andrey android andromeda
    anfield angel angels angus anhyeuem animal anime anthony anubis apache apollo apple applepie apples april aquarius
    aragorn area arizona arjay armani arsenal artemis artur asdasd asdf asdfg asdfgh asdfghj asdfjkl asdzxc ashley
    aspire aspirine assassin assfuck asshole assholes assman asterix astros atlanta atlantis atomic auburn audia august
    aussie austin australi autumn avalanch avalon avatar avenger awesome azamat azerty azsxdc babe babes babyblue
    babyboy babydoll babyface babygirl babylon bacardi backdoor badass badboy baddog badger badgirl baggins bagira
    baller balloon balloons balls bambam banana bananas banane bandit bang bangkok bank banker banshee barbie barcelon
    barcelona barefoot barkley barney barsik baseball basket basketba basketball bassman bastard batman bayern beaches
    beagle beaner beanie bear beast beastie beatles beautifu beauty beaver beavis beckham beefcake beer beetle benfica
    bengals beretta berlin bharat bicycle bigass bigballs bigbear bigbird bigboobs bigboy bigcock bigdaddy bigdick
    bigdog bigfoot biggie biggles bigguy bigmac bigman bigmike bigmoney bigone bigred bigsexy bigtime bigtits bikini
    billy billybob billyboy bimmer bing bingo birdie birdman biscuit bitch bitches biteme bizkit blabla black blackbir
    blackcat blackdog blackhaw blackie blackjac blackjack blacks blacky blade blades blaster blazer blessed blessing
    blink blizzard blonde blondes blondie blowjob blowme blue bluebird blueboy bluedog blueeyes bluemoon blues bluesky
    bobafett bobby bobcat boeing bogart bogdan bogey bohica bollocks bollox bomber bond bondage bonehead boner bones
    bonjour bonkers bonsai boob boobie boobies booboo boobs booger boogie bookworm boomer bootie boots booty boricua
    bosco bossman boston bounce bowler bowling boxing br0d3r brando brandon brandy brasil braves brazil breast breeze
    brian brighton bristol britney bronco broncos brooklyn brownie browns brucelee bruins brutus bubba bubbas bubble
    bubbles bucket buckeye buckeyes buckshot buddah buddha buddy budlight budman budweise buffalo buffett buffy bugger
    builder bull bulldog bulldogs bullet bullseye bullshit bunghole bunny burger business buster butch butter butterfl
    butterfly butthead butthole buttman buttons buzzard byteme cabbage cactus cadillac caesar calgary calico caliente
    californ caligula camaro cambiami camel camelot camels cameron canada cancer cancun candle candyman canon cantona
    capone captain caramel cardinal carolina carpet carrera carrot cartman cartoon casanova caserta casey casino casper
    cassie catch catdog catfish catherin catman cats cavalier caveman ccbill cdtnkfyf celeron celica celine celtic
    celtics cent cerberus cessna cfitymrf cgfhnfr chainsaw champ champion champs changeme chaos charger chargers charles
    charli charlie charlott charlton charly charmed chaser chatgpt checkout cheers cheese cheesecake cheetah chelsea
    cherokee cherry chester chevelle chevrole chevy chewie cheyenne chicago chichi chicken chickens chicks chico chiefs
    chipper chivas chocolat chocolate chopper chou chris chrisbln chrissy christ christia christin christop chronic
    chrono chuang chubby chuckie chuckles chucky chunky cicero cigars cinder cinnamon cjkysirj cjkywt clancy clapton
    clarinet classic clemson clevelan clipper clitoris cloud clouds clover cobra cocacola cock cocks coconut coffee
    cohiba coke colombia colorado colors colt coltrane comet commando company compaq compute computer concrete condom
    condor connect connor consumer cookie cookies cooldude cooler coolguy coolio coolman cooter copper corona corrado
    correcthorsebatterystaple corvette cosmo cosmos cosworth cougar cowboy cowboys coyote cracker crazy crazybab
    creampie creamy creative cricket crimson critter crjhgbjy cruise cruiser crunch crusader crysis crystal cthulhu
    cthutq cubbies cubswin cuddles cumming cumshot cunt cunts cupcake curious custom cutlass cutter cxfcnmt cyber
    cyclone cyclops cypress daddy daewoo dagger daisy dakota dalejr dallas dammit damnit dancer dang danger danie daniel
    daniil danila danni dannyboy danzig darkness darkside darkstar dashboard david davids dawg daytona dbrnjh dbrnjhbz
    deadhead deadman death december deejay deepthroat deeznuts deeznutz default defiant deftones delete delhi delta
    deluxe demo denali deniska depeche desert designer desire deskjet destiny detroit developer devil devildog devils
    dexter dfkthbz dfkthf dfktynbyf dfvgbh dharma diablo diamond diamonds dick dickhead dicks diehard diesel dietcoke
    digger digital dilbert dildo dilligaf dima dinamo ding dingdong dinosaur discover disney diver divine dkflbckfd
    dkflbvbh doberman doctor dodge dodger dodgeram dodgers dogfood dogg doggie doggy doghouse dogman dogs dollar dolphin
    dolphins domino donkey donuts doobie doodle doogie dookie doughboy dracula drago dragon dragons dragoon dreamer
    dreams driver drizzt droopy drowssap drpepper drummer dthjybrf dublin ducati duchess duck dumbass durango duster
    eagle eagles eastside eatme eatpussy eatshit eclipse eduard edward eeyore einstein ekaterina electric element
    elephant elizabet elizabeth elvis emerald emily eminem empire engage engineer enigma enter enterpri enterprise
    eraser ericsson erotic erotica escort eternal eternity europa everest everton excalibu exigen exigent exodus
    explorer express extreme f**k fabie fabric facebook facial faggot falcon falcons fallen fallout fang fantasy farside
    fart faster fatass fatboy fatcat fatman feather february fender feng fernand ferrari ferret fester fetish fghtkm
    ficken fiesta figaro fighter filter finger fire fireball firebird firefly firefox fireman fish fishes fishing
    fitness fktrcfylh fktrcfylhf fktrctq flames flamingo flash flatron fletch flipper floppy florian florida flounder
    flower fluffy flyboy flyers foobar footbal football fordf forest forever forfun formula fortuna fossil foxtrot
    francesc frank franky freaks freaky freckles freddy freedom freepass freeporn freeuser friday fright frisco frisky
    frodo frog frogger froggy front frontier frosty fubar fuck fuck_inside fucked fucker fuckers fuckface fuckher
    fucking fuckit fuckme fuckoff fuckthis fucku fuckyou fugazi funtime fusion futbol fyfcnfcbz fylhtq gabrie gabriell
    galaxy galina galore gambit gandalf ganesh gangbang gangsta gangster garden garfield gargoyle gateway gator gators
    gbpltw gegcbr geheim gemini genesis genius george geronimo gesperrt getmoney getsome gfhjkm ghbdtn ghbdtnbr ghetto
    ghjcnj ghjcnjnfr ghost giants ginger giorgi girls gizmo gizmodo gjkbyf gladiator gmoney gn56gn goalie goblin goblue
    goddess godfathe godfather godsmack godzilla gofish goforit goku golden goldfish goldstar goldwing golf golfball
    golfer golfing goliath gollum gong gonzo goober goodboy goodluck goodmorning goodtime goofy google goose gopher
    gordon gorilla gotcha gothic gotohell govols granny grapes great greatone green greenbay greenday greens gregor
    gremlin grendel gretzky griffey gringo grizzly groove groovy groucho grumpy gsxr guardian guest guiness guinness
    guitar gundam gunnar gunner gunners gustav hacked hacker hairy halflife hallo hambone hamburg hamlet hammer hammers
    hamster handyman hannah hannibal hansolo happy happyday hardcock hardcore hardon hardrock harley harry havefun
    hawaii hawaiian hawkeye hawkeyes hayabusa hearts heather heaven hedgehog heineken hellfire hello hellohello helloo
    hellyeah helmet helpme hendrix hentai herbie hercules hermes hershey hesoyam hidden highland hiphop hithere hitler
    hitman hjvfirf hobbes hobbit hockey hokies holiday holly hollywoo holyshit homer homers homerun honda honey hongkong
    hooker hoosier hoosiers hooter hooters horizon horndog hornet horney horny horse horses hotboy hotdog hotpussy
    hotred hotrod hotsex hotshot hotstuff hottie hummer hunter hunting hurrican husker huskers huskies hustler hyperion
    ib6ub ibanez icecream iceman idontknow iforgot igor iguana ihateyou illini illusion ilovesex iloveu iloveyo iloveyou
    immortal impala incubus india indian indiana indians indigo inferno infiniti infinity insane insert integra intel
    internet intrepid intruder iphone irina irish ironman italia ivanov ivanova iverson iwantu j4ye3uz jabroni jackal
    jackass jackoff jackson jacob jagger jaguar jaishreeram jamaica james jamesbon jamesbond jamie jammer january
    jarhead jasmine jason jasper java jaybird jayhawk jazzman jedi jeep jennifer jenny jericho jerkoff jessic jessica
    jester jesus jethro jewels jimbo jimbob jimmy johannes john johnboy joker jokers jordan joshua jrcfyf juggalo juice
    july jumper june junebug jungle junior jupiter just4me justdoit justice justin justme juventus kahuna kaktus
    kamikaze kangaroo kansas karate karina karolina kashmir kasper katana katerina katie katrin kawasaki kcj9wx5n keeper
    kelly kenshin kenwood kenworth kevin keyboard keystone keywest kickass kicker killbill killer killme kingfish
    kingkong kingpin kingston kinky kipper kirill kisses kissme kitkat kitten kitty kittycat klaster klingon knickers
    knicks knights knopka kodiak kolobok kool korn koshka kosmos kostya kotenok krishna ktyjxrf kume kungfu labrador
    labtec lacrosse ladybug laguna lakers lancelot lancer lansing laptop larisa laser lasvegas latino leather
    leavemealone ledzep legacy legend legion legolas lennon leonid leopard lesbian lesbians lespaul lestat letmein
    letsgo lexmark lexus liberty lick licker lickit lickme lifehack lightnin lightning lights lineage linkedin lion
    lionking liquid liverpoo liverpool lizard lobster loco logan login logitech lokomotiv lolipop lollipop lollol london
    lonestar lonewolf longhorn looker looser loser losers love loveit lovely loveme lover loverboy lovers lovesex
    loveyou lowrider lucifer lucky luckydog ludmila lvbnhbq macdaddy machine macross maddie maddog madison madman madmax
    madness madonna maestro maggie maggot magic magick magicman magnum magnus magpie maiden mailcreated mailman majestic
    makaveli maksim malaka malibu malina mallard mamapapa manager manchest manchester mandingo maniac manson manutd
    maradona marathon march maria marina marine mariners marines marino marius marlboro marley martin martini maryjane
    massive maste master matador matrix matthew mature maverick maxell maxim maxima maximus maxwell maxx mayday mayhem
    mazafaka meatball meathead meatloaf mechanic medusa megadeth megaman megapass megatron meister melissa mellon mellow
    memorex memphis menace mercedes merchant mercury meridian merlin metallic metallica mexico miami mian michae michael
    michigan mickey microlab micron microsof microsoft midget midnight midway mighty mikey milana milano milena
    minecraft minime mirage misfit mishka missy mister mistress mittens mnbvcxz mojo molly moloko molson momoney monaco
    monalisa monday mondeo money moneyman moneymoney moneys mongoose monitor monke monkey monkeys monopoly monster
    montana montgom montreal moocow mookie moomoo moonlight moose morpheus mortgage mortimer moscow mother motherlode
    motorola mountain mouse mozart muffin mulder multiplelo mumbai munchkin muppet muscle mushroom music musica musicman
    mustang mustangs mustard mybaby mylife mylove mypass mypassword mysecret mystic naked napass napster naruto nascar
    nasty nastya natali natasha naughty ncc1701a ncc1701d ncc1701e nebraska nemesis neptune nevada newbie newcastl
    newlife newpass newpassword newport newyork nfnmzyf nicholas nickel nicola nicole nigger nike nikita nikola nikolay
    nimrod niners ninja nintendo nipper nipple nipples nirvana nissan nitram nofear nokia nolimit noodle noodles nookie
    nopass november nudist nugget number nuttertools nwo4life nyjets nylons nymets oakland oasis obiwan oblivion october
    office ohyeah oicu oilers oksana oldman oleg oliver olivier omega omnamahshivaya onelove online onlyme openai openup
    operator optimus oracle orange oranges orchid orgasm orioles orion oscar osiris outkast outlaw overkill overlord
    owner oxford p0015123 packard packer packers pacman padres paintbal paintball pakistan paladin panama panasoni
    panasonic pancho panda pandora pantera panther panthers panties pantyhos panzer paradise paradox parola parrot
    pascal pass passat passion passme passport passwd passwor password passwordpassword passwords passwort patches
    patricia patrick patriot patriots pavilion payment paymentgateway payments peach peaches peanut peanuts pearljam
    pebbles peekaboo peewee pegasus pencil penguin penguins penis penny penthous pentium pepper pepsi pervert peter
    peterpan peugeot phantom philippe philips phillies philly phish phoenix photos phpbb pianoman picard picasso piccolo
    pickle pickles pics piglet pikachu pillow pimp pimpin pineappl ping pingpong pinhead pink pinkfloy pioneer pippen
    pirate pirates pisces pissing pistol pitbull pizza pizzas planet plastic platinum playboy player playtime plumber
    plymouth pobeda poison poiuyt pokemon polaris police polina polniypizdec polo polska pompey poncho pontiac pony
    poochie poodle pooh poohbear pookie poontang poop pooper poopie poopoo pooter popcorn popeye poppy porkchop porn
    porno pornos porsche portland portugal poseidon possum postal potato powder power precious predator prelude presario
    presto primus prince princes princess printer prissy private privet prodigy prophet proxy psycho pudding pumpkin
    punisher punkin punkrock puppies puppy pupsik purdue purple pussie pussies pussy pussycat pussys putter pyramid
    python q1w2e q1w2e3r q2w3e q2w3e4r qa2ws3ed qawsed qaz2wsx qaz2wsx3edc qazqaz qazwsx qazwsxed qazwsxedc qazwsxedcrfv
    qazxsw quantum quartz quattro queens qw34er qwas qwaszx qweasd qweasdzxc qweqwe qwer qwert qwerty qwertyu qwertz
    r2d2c3po rabbit rabota racecar racer racerx rachel racing ragnarok raider raiders rainbow rainman raistlin rambler
    rambo rammstein ramses random ranger rangers raptor rascal rasdzv rasputin rasta rastaman raven ravens razz rbhbkk
    rctybz reader realmadrid reaper rebecca rebel rebels redalert redbull reddog redfish redhead redhot redman redneck
    redrum redskins redsox redwing redwings redwood reebok reefer renault renegade rereirf rescue retard rfhbyf rfnthbyf
    rfrfirf rfrnec rhbcnbyf rhfcjnrf richard rightnow ripken ripper ripple rjirfrgbde rjntyjr rjycnfynby roadkill
    roadking roadrunn robert robotech rocker rocket rockets rockford rockhard rockon rocks rockstar rocky rodman roller
    rolltide romashka rommel ronaldo rookie rooster root rootbeer rosebud rotten route rover rovers royals rtyuehe
    rubber rulez rulezzz runescape runner rupee rush ruslan russia rustam rusty sabbath sabine sabres sachin sadie
    safari sailboat sailing sailor saints sakura salamander saleen salmon salomon samantha samiam sammy samson samsung
    samurai sancho sandiego sandman sandro sandy sapper sapphire sarah saratoga sascha sasha sassy sasuke satan saturday
    saturn saun sauron sausage sayang scania scanner scarface scarlet scooby scoobydo scooter scorpio scorpion scotch
    scotland scott scotty scout scrappy scream scruffy scuba scully seahawks seamus searay seattle sebastia secret
    security seeker seinfeld select seminole semperfi sentinel septembe september serega serenity sergei sergey
    sersolution server sesame seven sex4me sexsex sexual sexx sexxxx sexy sexygirl sexyman shado shadow shaggy shai
    shalom shaman shamrock shaney shania shannon shaolin shark sharks sharky shasta shaved shazam shelby shemale
    sherlock shiloh shithead shitty shogun shooter shorty shotgun shou showme showtime shun siemens sierra silver simba
    simon simple simpsons sinatra sinbad sinner sirius sithlord sixers skater skeeter skidoo skiing skinny skipper
    skippy skittles skorpion skydive skyline skywalke skywalker slacker slappy slapshot slave slayer sleepy slick slider
    slinky slipknot slut sluts slutty smeghead smegma smelly smiles smiley smitty smoke smoker smokes smokey smokin
    smooth smudge smut snake snakes snapon snapper snapple snatch sneakers snickers sniper snoop snoopdog snoopy
    snowball snowboar snowman snuggles sobaka soccer socrates softball software sojdlg123aljg soldier soleil solnce
    sommer sonic sonics sony sooners sophie soso123aljg southpark spaceman spank spanking spankme spanky sparkle sparky
    sparta spartak spartan spartans spawn speaker spectrum speedy spider spiderma spiderman spidey spike spirit spitfire
    splash splinter spongebob spooky spring sprint sprite spunky spurs sputnik spyder squash squirrel squirt srinivas
    stalin stalker stallion star starbuck starcraft stardust starfish stargate starman starship starter starwars static
    stealth steeler steelers stefano steph stephani stereo sterlin steve sticks sticky stimpy sting stinger stingray
    stinky stocking stocks stonecol stoned stones stoney storm stormy stranger strider strike striker stripper stud
    studly stumpy stunner stupid subaru sublime subway success suck sucker suckit suckme sucks sugar sultan summer
    summit sundance sunday sunflowe sunnyday sunrise sunset sunshin sunshine super superfly superman supersta superstar
    support surf surfer surfing suzuki svetik svetlana swallow sweet sweetpea sweets sweety swimmer swimming swinger
    swingers sword swordfis swordfish swords sydney syncmaster syracuse tacobell tacoma talisman tango tanker tardis
    target tarheel tarheels tarzan tattoo tatyana taurus taylor tazman tazmania tdutybq teacher technics techno teen
    teens tekken telefon temp tempest temporary tennis tequila terminator terrapin terror test tester testing texas
    thailand thanatos thankyou theboss thecat thedog theend thegame thegreat thekid theking theman theone therock
    thesims thirteen thomas thongs thor thuglife thumper thunder thursday tiberius tickle tiger tigers tigger tights
    timber tinker tinkerbell tinman tintin titanic titanium titans titleist tits titties titty tolkien tomato tomcat
    tommy tommyboy toor tootsie topcat topdog topgun topher topper topsecret tornado toronto toshiba tottenha toyota
    tracker tractor trader trance transam translator trapper travel traveler treasure trebor trfnthbyf triangle tricky
    trident trigger trinity triton triumph trixie trojan trojans trombone trooper trouble truck trucker trucks truelove
    trumpet trunks trustno tsunami tuesday tunafish tundra turbo turkey turtle tweety twilight twinkle twisted twister
    tyler typhoon ufkbyf ultima ultimate umbrella underdog undertaker unicorn unreal usarmy user username usmc usnavy
    usuckballz utopia vacation vader vagina valentin valentina valera valhalla vampire vanhalen vanilla vector vectra
    vegeta velvet verbatim veritas vermont veronica veronika vertigo vette vfczyz vfhbyf vfhecz vfhufhbnf vfksirf vfrcbv
    vfrcbvrf vfvekz vfvjxrf viagra victoria victory viewsonic viking vikings viktor viktoria viper vipers virgin vision
    vitalik vkontakte vladik vladimir vladislav volley volvo voodoo vortex voyager voyeur vulcan walleye walmart walnut
    walrus wanker wapbbs warcraft warhammer warlock warlord warrior warriors warthog wasser wassup watcher waterloo
    weasel webmaster wednesday weed weezer welcome welder werewolf westham westwood wetpussy whatever whatsup wheels
    whiskers whiskey whisky whisper whitesox whitey whocares whore whynot wibble wicked wildcat wildcats wildfire
    wildman william willow windows windsor winner winston winter wisdom wizard wolf wolfgang wolfie wolfman wolfpack
    wolverin wolverine wolves wombat woody woohoo wookie wordpass wrangler wrestlin wrinkle wutang x2zkg8w xanadu xavier
    xbox xfiles xtreme yamaha yankee yankees ybrbnf ybrjkfq yellow yfnfif yomama yosemite yourmom yousuck ytrewq yzerman
    z1x2c zaphod zaq1xsw zaq1zaq zaqwsx zaqxsw zenith zeppelin zerocool zeus zhong zidane ziggy zigzag zipper zippy
    zombie zorro zvezda zxasqw zxcasd zxcasdqwe zxcv zxcvbn zxcvbnm
    """.split()  # noqa: SIM905 (a list of thousands of lines would be harder to read)
)
