<?php
// Judges each arrival by the page's snippet, beside this file, and prints the answers.
namespace Receiver;

// In the snippet's namespace, so that it asks this clock.
function time(): int
{
    return $GLOBALS['now'];
}

// The page shows it without the first line of a file.
eval('namespace Receiver; ' . file_get_contents('snippet.php'));

$answers = [];
foreach (json_decode(file_get_contents('arrivals.json'), true) as $each) {
    $now = $each['now'];
    $answers[] = is_genuine($each['headers'], base64_decode($each['body']), $each['secret']);
}
echo json_encode($answers);
