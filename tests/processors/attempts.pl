#!/usr/bin/perl
# In LibreOffice's place: tries what a program that a document has taken over would, and reports it as its "PDF".
# attempts.pl … --outdir DIR FILE. What is to be read, a port and a process are named in a file beside it, attempts.txt.
# In Perl, which asks of the kernel as little as LibreOffice does.

($0 =~ s/pl$/txt/r) =~ /(.*)/;
open(my $told, "<", $1) or die "$1: $!";
my ($secret, $port, $victim) = split(" ", <$told>);
my ($INET, $UNIX, $STREAM, $DATAGRAM) = (2, 1, 1, 2);
my $here = pack("S n a4 x8", $INET, $port, "\x7f\0\0\1");

my $s;
sub opened { my ($how, $path) = @_; return open(my $file, $how, $path) }
sub executes { my $child = fork(); return 0 unless defined $child; exec("/bin/true") or exit 1 unless $child;
               waitpid($child, 0); return $? == 0 }
sub others { for (glob("/proc/[0-9]*/fd/1")) { next if m{/$$/}; return 1 if opened("+<", $_) } return 0 }

my @attempts = (
    ["read a secret", sub { opened("<", $secret) }],
    ["read who has an account", sub { opened("<", "/etc/passwd") }],
    ["write beside", sub { opened(">", "$secret.new") }],
    ["connect", sub { socket($s, $INET, $STREAM, 0) && connect($s, $here) }],
    ["send a datagram", sub { socket($s, $INET, $DATAGRAM, 0) && send($s, "x", 0, $here) }],
    ["connect to a file", sub { socket($s, $UNIX, $STREAM, 0) && connect($s, pack("S a108", $UNIX, "$secret.socket")) }],
    ["execute", \&executes],
    ["signal", sub { kill(0, $victim) }],
    ["open what others have open", \&others],
    ["execute itself again", sub { my $child = fork(); return defined $child && ($child || exit 0) }],
);
my @found = map { my ($name, $attempt) = @$_; "\"$name\": " . ($attempt->() ? "true" : "false") } @attempts;
my ($folder) = "@ARGV" =~ /--outdir (\S+)/;
open(my $out, ">", "$folder/document.pdf") or die "$folder: $!";
print $out "{" . join(", ", @found) . "}";
close($out) or die $!;
